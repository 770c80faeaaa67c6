using System.Management.Automation;
using Telepresence.Client;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell;

/// <summary>Sessions by name or wildcard.</summary>
internal static class SessionNames
{
    /// <summary>
    /// The sessions that the names match; a name without wildcard that matches none goes to <paramref name="missing"/>.
    /// No names: every session.
    /// </summary>
    /// <param name="engine">Null when none runs: there are no sessions then.</param>
    public static async Task<IReadOnlyList<TelepresenceSession>> FindAsync(
        EngineClient? engine,
        IReadOnlyList<string> names,
        Action<TelepresenceException> missing,
        CancellationToken cancellationToken
    )
    {
        var sessions = engine is null ? [] : await engine.ListSessionsAsync(cancellationToken).ConfigureAwait(false);
        if (names.Count == 0)
        {
            return sessions;
        }
        var found = new List<TelepresenceSession>();
        foreach (var name in names)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var matching = sessions.Where(s => pattern.IsMatch(s.Name)).Except(found).ToList();
            if (
                matching.Count == 0
                && !WildcardPattern.ContainsWildcardCharacters(name)
                && !found.Any(s => pattern.IsMatch(s.Name))
            )
            {
                missing(ErrorCatalogue.Error(ErrorId.SessionNotFound, name, ("session", name)));
            }
            found.AddRange(matching);
        }
        return found;
    }
}
