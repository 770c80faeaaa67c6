namespace Telepresence.Kubernetes;

/// <summary>Finds programs where the user's shell would: the engine's own PATH may be another.</summary>
internal static class PathSearch
{
    /// <summary>Full path of the program; null where there is none. A path is taken as it is.</summary>
    public static string? Find(string command, KubernetesClientConfiguration configuration)
    {
        if (command.Contains('/') || command.Contains('\\'))
        {
            return File.Exists(command) ? command : null;
        }
        var directories = (Variable("PATH") ?? "").Split(
            Path.PathSeparator,
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );
        // Only Windows has this variable; there a program's name leaves its extension out.
        var extensions = (Variable("PATHEXT") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);
        return directories
            .SelectMany(directory =>
                extensions.Prepend("").Select(extension => Path.Combine(directory, command + extension))
            )
            .FirstOrDefault(File.Exists);

        string? Variable(string name) =>
            configuration.Environment is { } environment
                ? environment.FirstOrDefault(e => e.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value
                : Environment.GetEnvironmentVariable(name);
    }
}
