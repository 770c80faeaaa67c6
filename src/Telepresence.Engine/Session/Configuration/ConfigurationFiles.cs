using System.Text;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>The files named config.yml (PROTOCOL §5.1): the system's first, the user's last and winning.</summary>
internal static class ConfigurationFiles
{
    public const string FileName = "config.yml";

    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    /// <summary>All files that exist, merged.</summary>
    /// <exception cref="InvalidConfigurationException">A file cannot be used; the message names it.</exception>
    public static ClientConfiguration Read(Func<string, string?> environment)
    {
        var directories = ConfigurationDirectories.Of(environment);
        var merged = ClientConfiguration.Empty;
        foreach (var directory in directories.System.Append(directories.User))
        {
            var path = Path.Combine(directory, FileName);
            if (File.Exists(path))
                merged = ClientConfigurationReader.Read(ReadText(path), Origin(path)).Over(merged);
        }
        return merged;
    }

    /// <summary>The file that Set-TelepresenceConfiguration writes; may not exist.</summary>
    public static string UserFile(Func<string, string?> environment) =>
        Path.Combine(ConfigurationDirectories.Of(environment).User, FileName);

    public static ConfigurationOrigin Origin(string path) => new(FileName, path);

    /// <summary>The text without a byte order mark.</summary>
    /// <exception cref="InvalidConfigurationException">It cannot be read, or is not UTF-8.</exception>
    public static string ReadText(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            return _strict.GetString(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(3) : bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidConfigurationException(path, "", e.Message);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidConfigurationException(path, "", $"it is not UTF-8: {e.Message}");
        }
    }
}
