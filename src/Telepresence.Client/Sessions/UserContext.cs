using System.Collections;
using Telepresence.Client.Contract;

namespace Telepresence.Client.Sessions;

/// <summary>What of the user's shell an engine needs to know, which has an environment of its own.</summary>
public static class UserContext
{
    /// <summary>Fills in the kubeconfig that kubectl would use, the directory and the environment.</summary>
    /// <param name="cluster">What the user said.</param>
    /// <param name="workingDirectory">The shell's directory; relative paths start there.</param>
    /// <param name="environment">The shell's environment.</param>
    public static ClusterSelection Complete(
        ClusterSelection cluster,
        string workingDirectory,
        IReadOnlyDictionary<string, string> environment
    )
    {
        var kubeconfig = cluster.Kubeconfig;
        if (string.IsNullOrWhiteSpace(kubeconfig))
        {
            kubeconfig =
                environment.TryGetValue("KUBECONFIG", out var listed) && !string.IsNullOrWhiteSpace(listed)
                    ? listed
                    : Path.Combine(HomeDirectory(environment), ".kube", "config");
        }
        return cluster with
        {
            Kubeconfig = string.Join(
                Path.PathSeparator,
                kubeconfig
                    .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
                    .Select(path => Path.GetFullPath(path, workingDirectory))
            ),
            WorkingDirectory = workingDirectory,
            Environment = environment,
        };
    }

    /// <summary>The environment of this process.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");

    private static string HomeDirectory(IReadOnlyDictionary<string, string> environment) =>
        environment.TryGetValue(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME", out var home) && home.Length > 0
            ? home
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
