using System.Collections;
using Telepresence.Client;

namespace Telepresence.PowerShell.Completers;

/// <summary>The symbols, and the subnets of the sessions.</summary>
public sealed class SubnetCompleter : EngineCompleter
{
    private static readonly string[] _symbols = ["all", "service", "pods", "also"];

    private protected override async Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    )
    {
        await using var engine = await engines.TryGetNetworkAsync(cancellationToken);
        return engine is null
            ? _symbols
            : _symbols.Concat((await engine.SubnetsAsync(null, cancellationToken)).Select(s => s.Subnet));
    }
}
