using System.Management.Automation;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Cluster;

/// <summary>Contexts of the kubeconfig, the current one first.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceContext")]
[OutputType(TypeNames.Context)]
public sealed class GetTelepresenceContextCommand : ClusterQueryCmdlet
{
    /// <summary>Names, or wildcards; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Context")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken =>
        {
            var engine = await GetAnyEngineAsync(cancellationToken);
            var contexts = await engine.ContextsAsync(Selection(null), cancellationToken);
            Emit(contexts.Where(context => Wildcards.Match(Name, context.Name)));
        });
}
