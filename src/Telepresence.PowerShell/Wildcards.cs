using System.Management.Automation;

namespace Telepresence.PowerShell;

/// <summary>Filters of cmdlets: names, or wildcards, without regard to case.</summary>
internal static class Wildcards
{
    /// <summary>No pattern means every name.</summary>
    public static bool Match(IReadOnlyList<string> patterns, string name) =>
        patterns.Count == 0
        || patterns.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name));
}
