using SpecialFolder = System.Environment.SpecialFolder;

namespace Telepresence.Engine.Session.Configuration;

internal sealed partial record ConfigurationDirectories
{
    /// <summary>The XDG base directories.</summary>
    public static ConfigurationDirectories Linux(Func<string, string?> environment)
    {
        var home = Value(environment, "HOME", () => Environment.GetFolderPath(SpecialFolder.UserProfile));
        var user = Value(environment, "XDG_CONFIG_HOME", () => $"{home}/.config");
        // The first directory of the list is the most important one.
        var system = Value(environment, "XDG_CONFIG_DIRS", () => "/etc/xdg")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Reverse();
        return new($"{user}/{Name}", [.. system.Select(directory => $"{directory}/{Name}")]);
    }
}
