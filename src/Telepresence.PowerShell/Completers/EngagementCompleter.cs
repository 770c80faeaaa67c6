using System.Collections;
using Telepresence.Client;

namespace Telepresence.PowerShell.Completers;

/// <summary>Names of the engagements.</summary>
public sealed class EngagementCompleter : EngineCompleter
{
    private protected override async Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    )
    {
        await using var engine = await engines.TryGetNetworkAsync(cancellationToken);
        return engine is null
            ? []
            : (await engine.EngagementsAsync(bound["Session"]?.ToString(), cancellationToken)).Select(e => e.Name);
    }
}
