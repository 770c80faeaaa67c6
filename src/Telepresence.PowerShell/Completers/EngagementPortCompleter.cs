using System.Collections;
using Telepresence.Client;

namespace Telepresence.PowerShell.Completers;

/// <summary>Ports of a workload's containers, behind the port here that is typed already.</summary>
public sealed class EngagementPortCompleter : EngineCompleter
{
    private protected override async Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    )
    {
        if (bound["Workload"]?.ToString() is not { Length: > 0 } workload)
        {
            return [];
        }
        await using var engine = await engines.TryGetNetworkAsync(cancellationToken);
        if (engine is null)
        {
            return [];
        }
        var ports = await engine.WorkloadPortsAsync(bound["Session"]?.ToString(), workload, cancellationToken);
        var colon = typed.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? ports
            : ports.Select(port => typed[..colon] + port[port.IndexOf(':', StringComparison.Ordinal)..]);
    }
}
