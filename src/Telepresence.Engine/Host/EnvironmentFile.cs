using System.Text.Json;
using Telepresence.Client.Launch;

namespace Telepresence.Engine.Host;

/// <summary>The invoking user's environment, which sudo took away: KUBECONFIG, HOME, PATH, proxies.</summary>
internal static class EnvironmentFile
{
    /// <summary>Makes it this process's, and deletes the file.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public static void Apply(string path)
    {
        Dictionary<string, string> environment;
        try
        {
            using (var file = File.OpenRead(path))
            {
                environment =
                    JsonSerializer.Deserialize(file, LaunchJson.Default.DictionaryStringString)
                    ?? throw new InvalidDataException($"environment file '{path}' is empty");
            }
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InvalidDataException($"environment file '{path}' cannot be read: {e.Message}", e);
        }
        foreach (var (name, value) in environment)
        {
            if (name.Length > 0 && !name.Contains('=') && !name.Contains('\0') && !value.Contains('\0'))
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }
    }
}
