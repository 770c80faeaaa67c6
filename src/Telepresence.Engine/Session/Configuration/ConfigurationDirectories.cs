namespace Telepresence.Engine.Session.Configuration;

/// <summary>Where a user's and a system's configuration lies (PROTOCOL §5.1). None of them need exist.</summary>
/// <param name="User">The user's directory.</param>
/// <param name="System">The system's, the most important last.</param>
internal sealed partial record ConfigurationDirectories(string User, IReadOnlyList<string> System)
{
    private const string Name = "telepresence";

    /// <summary>Those of this system.</summary>
    /// <param name="environment">The user's, not the engine's.</param>
    public static ConfigurationDirectories Of(Func<string, string?> environment) =>
        OperatingSystem.IsWindows() ? Windows(environment)
        : OperatingSystem.IsMacOS() ? MacOS(environment)
        : Linux(environment);

    private static string Value(Func<string, string?> environment, string name, Func<string> otherwise) =>
        environment(name) is { Length: > 0 } given ? given : otherwise();
}
