using SpecialFolder = System.Environment.SpecialFolder;

namespace Telepresence.Engine.Session.Configuration;

internal sealed partial record ConfigurationDirectories
{
    private const string ApplicationSupport = "Library/Application Support";

    /// <summary>Application Support of the user and of the system.</summary>
    public static ConfigurationDirectories MacOS(Func<string, string?> environment)
    {
        var home = Value(environment, "HOME", () => Environment.GetFolderPath(SpecialFolder.UserProfile));
        return new($"{home}/{ApplicationSupport}/{Name}", [$"/{ApplicationSupport}/{Name}"]);
    }
}
