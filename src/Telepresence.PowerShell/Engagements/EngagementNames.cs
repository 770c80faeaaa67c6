using Telepresence.Client;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Engagements by name or wildcard.</summary>
internal static class EngagementNames
{
    /// <summary>Those that the names match; a name without wildcard that matches none goes to <paramref name="missing"/>.</summary>
    /// <param name="engine">Null when none runs: there are no engagements then.</param>
    /// <param name="session">Null: of every session.</param>
    /// <param name="names">None: all.</param>
    public static async Task<IReadOnlyList<TelepresenceEngagement>> FindAsync(
        EngineClient? engine,
        string? session,
        IReadOnlyList<string> names,
        Action<TelepresenceException> missing,
        CancellationToken cancellationToken
    )
    {
        var all = engine is null ? [] : await engine.EngagementsAsync(session, cancellationToken).ConfigureAwait(false);
        foreach (var name in names)
        {
            if (
                !System.Management.Automation.WildcardPattern.ContainsWildcardCharacters(name)
                && !Array.Exists(all, engagement => Wildcards.Match([name], engagement.Name))
            )
            {
                missing(ErrorCatalogue.Error(ErrorId.EngagementNotFound, name, ("name", name)));
            }
        }
        return [.. all.Where(engagement => Wildcards.Match(names, engagement.Name))];
    }
}
