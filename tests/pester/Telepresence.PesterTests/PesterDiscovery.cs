using System.Reflection;
using System.Text.RegularExpressions;

namespace Telepresence.PesterTests;

/// <summary>Finds every It by its text, so that the tests have their names also where there is no pwsh.</summary>
internal static partial class PesterDiscovery
{
    public static IReadOnlyList<(string File, string Name)> All { get; } =
    [
        .. Directory
            .EnumerateFiles(Path.Combine(Repository, "tests", "pester"), "*.Tests.ps1")
            .Order(StringComparer.Ordinal)
            .SelectMany(file =>
                Title()
                    .Matches(File.ReadAllText(file))
                    .Select(m =>
                        (Path.GetFileName(file), m.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal))
                    )
            ),
    ];

    public static string Repository => Metadata("RepositoryRoot");

    public static string Configuration => Metadata("Configuration");

    public static string Version => Metadata("Version");

    private static string Metadata(string key) =>
        typeof(PesterDiscovery)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == key)
            .Value!;

    [GeneratedRegex(@"^\s*It '((?:[^']|'')+)'", RegexOptions.Multiline)]
    private static partial Regex Title();
}
