using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Cluster;

/// <summary>Workloads of a session's namespace, or of a cluster's, and their traffic-agents.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceWorkload")]
[OutputType(TypeNames.Workload)]
public sealed class GetTelepresenceWorkloadCommand : ClusterQueryCmdlet
{
    /// <summary>Names, or wildcards; without it all.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(WorkloadCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>Namespaces; without it that of the session, or of the context.</summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string[] Namespace { get; set; } = [];

    /// <summary>Name of the session whose traffic-manager is asked; without it each one's.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>Context of the kubeconfig: its API server is asked, not a session.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken =>
        {
            var engine = await GetAnyEngineAsync(cancellationToken);
            var workloads = await engine.WorkloadsAsync(
                new WorkloadsParameters
                {
                    Cluster = Selection(Context),
                    NamesCluster = Session is null && (Context is not null || Kubeconfig is not null),
                    Session = Session,
                    Namespaces = Namespace,
                },
                cancellationToken
            );
            Emit(workloads.Where(workload => Wildcards.Match(Name, workload.Name)));
        });
}
