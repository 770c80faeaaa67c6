using System.Collections;
using Telepresence.Client;
using Telepresence.Client.Contract;

namespace Telepresence.PowerShell.Completers;

/// <summary>Workloads of the cluster and namespace that the command line names so far.</summary>
public sealed class WorkloadCompleter : EngineCompleter
{
    private protected override Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    ) => WorkloadsAsync(engines, bound, cancellationToken);

    internal static async Task<IEnumerable<string>> WorkloadsAsync(
        EngineAccess engines,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        await using var engine = await engines.GetAnyAsync(cancellationToken);
        var session = bound["Session"]?.ToString();
        var workloads = await engine.WorkloadsAsync(
            new WorkloadsParameters
            {
                Cluster = BoundCluster.From(bound),
                NamesCluster = session is null && (bound.Contains("Context") || bound.Contains("Kubeconfig")),
                Session = session,
                Namespaces = bound["Namespace"] switch
                {
                    null => [],
                    IEnumerable many and not string => [.. many.Cast<object>().Select(ns => ns.ToString() ?? "")],
                    var one => [one.ToString() ?? ""],
                },
            },
            cancellationToken
        );
        return workloads.Select(workload => workload.Name);
    }
}
