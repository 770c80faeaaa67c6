namespace Telepresence.Engine.Session.Configuration;

/// <summary>Where config.yml lies (PROTOCOL §5.1): the system's directories first, the user's last and winning.</summary>
internal static class ConfigurationFiles
{
    private const string FileName = "config.yml";

    /// <exception cref="InvalidConfigurationException">A file cannot be used; the message names it.</exception>
    public static ClientConfiguration Read(Func<string, string?> environment)
    {
        var merged = ClientConfiguration.Empty;
        foreach (var directory in SystemDirectories(environment).Append(UserDirectory(environment)))
        {
            var path = Path.Combine(directory, FileName);
            if (File.Exists(path))
                merged = ClientConfigurationReader.Read(ReadText(path), path).Over(merged);
        }
        return merged;
    }

    /// <summary>The user's directory of configuration; may not exist.</summary>
    public static string UserDirectory(Func<string, string?> environment)
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
        {
            // Application Support on macOS, AppData\Roaming on Windows.
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "telepresence");
        }
        var home = environment("HOME") is { Length: > 0 } given
            ? given
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var config = environment("XDG_CONFIG_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(home, ".config");
        return Path.Combine(config, "telepresence");
    }

    private static IEnumerable<string> SystemDirectories(Func<string, string?> environment)
    {
        if (OperatingSystem.IsMacOS())
            return ["/Library/Application Support/telepresence"];
        if (OperatingSystem.IsWindows())
        {
            var data = Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData);
            return [Path.Combine(data, "telepresence")];
        }
        var list = environment("XDG_CONFIG_DIRS") is { Length: > 0 } given ? given : "/etc/xdg";
        // The first directory of the list is the most important one.
        return list.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Reverse()
            .Select(directory => Path.Combine(directory, "telepresence"));
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidConfigurationException(path, "", e.Message);
        }
    }
}
