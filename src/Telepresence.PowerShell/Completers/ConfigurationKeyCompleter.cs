using System.Collections;
using Telepresence.Client;

namespace Telepresence.PowerShell.Completers;

/// <summary>Keys of the configuration.</summary>
public sealed class ConfigurationKeyCompleter : EngineCompleter
{
    private protected override async Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    )
    {
        await using var engine = await engines.GetAnyAsync(cancellationToken);
        return await engine.ConfigurationKeysAsync(cancellationToken);
    }
}
