using System.Collections;
using Telepresence.Client;

namespace Telepresence.PowerShell.Completers;

/// <summary>SUBNET=WORKLOAD: the symbols before the equals sign, workloads of the cluster behind it.</summary>
public sealed class ProxyViaCompleter : EngineCompleter
{
    private static readonly string[] _symbols = ["all=", "service=", "pods=", "also="];

    private protected override async Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    )
    {
        var equals = typed.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return _symbols;
        }
        var workloads = await WorkloadCompleter.WorkloadsAsync(engines, bound, cancellationToken);
        return workloads.Select(workload => typed[..(equals + 1)] + workload);
    }
}
