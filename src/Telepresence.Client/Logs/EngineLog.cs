using Telepresence.Client.Contract;

namespace Telepresence.Client.Logs;

/// <summary>Where engines log (the same place upstream uses).</summary>
public static class EngineLog
{
    /// <summary>The file that an engine appends to. Beside it, as <c>.1</c>, is the one before.</summary>
    /// <param name="role">Which engine.</param>
    /// <param name="environment">Null: this process's.</param>
    public static string DefaultPath(EngineRole role, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        var file = role == EngineRole.User ? "engine-user.log" : "engine.log";
        var home = environment("HOME") is { Length: > 0 } given
            ? given
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (OperatingSystem.IsMacOS())
        {
            return Path.Combine(home, "Library", "Logs", "telepresence", file);
        }
        if (OperatingSystem.IsWindows())
        {
            var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return Path.Combine(local, "telepresence", "logs", file);
        }
        var cache = environment("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(home, ".cache");
        return Path.Combine(cache, "telepresence", "logs", file);
    }
}
