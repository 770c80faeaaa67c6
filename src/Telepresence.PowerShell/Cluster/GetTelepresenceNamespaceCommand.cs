using System.Management.Automation;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Cluster;

/// <summary>Namespaces of a cluster.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceNamespace")]
[OutputType(TypeNames.Namespace)]
public sealed class GetTelepresenceNamespaceCommand : ClusterQueryCmdlet
{
    /// <summary>Names, or wildcards; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>Context of the kubeconfig; without it the current one.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken =>
        {
            var engine = await GetAnyEngineAsync(cancellationToken);
            var namespaces = await engine.NamespacesAsync(Selection(Context), cancellationToken);
            Emit(namespaces.Where(ns => Wildcards.Match(Name, ns.Name)));
        });
}
