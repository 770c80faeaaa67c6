using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telepresence.Kubernetes;

/// <summary>Reads and merges kubeconfig files as kubectl does.</summary>
internal static class KubeconfigReader
{
    /// <exception cref="KubernetesException">KubeconfigNotFound, KubeconfigInvalid.</exception>
    public static Kubeconfig Load(KubeconfigOptions options)
    {
        var files = ListFiles(options);
        List<string> read = [];
        string? currentContext = null;
        Dictionary<string, KubeconfigCluster> clusters = new(StringComparer.Ordinal);
        Dictionary<string, KubeconfigUser> users = new(StringComparer.Ordinal);
        Dictionary<string, KubeconfigContext> contexts = new(StringComparer.Ordinal);
        foreach (var file in files)
        {
            // Of a list, kubectl skips the files that are not there.
            if (!File.Exists(file))
            {
                continue;
            }
            var root = Parse(file);
            read.Add(file);
            currentContext ??= YamlAccess.NonEmptyText(root, "current-context");
            foreach (var (name, entry) in Entries(root, "clusters", "cluster"))
            {
                clusters.TryAdd(name, KubeconfigEntries.ReadCluster(name, file, entry));
            }
            foreach (var (name, entry) in Entries(root, "users", "user"))
            {
                users.TryAdd(name, KubeconfigEntries.ReadUser(name, file, entry));
            }
            foreach (var (name, entry) in Entries(root, "contexts", "context"))
            {
                contexts.TryAdd(name, KubeconfigEntries.ReadContext(name, file, entry));
            }
        }
        if (read.Count == 0)
        {
            throw new KubernetesException(
                KubernetesErrorId.KubeconfigNotFound,
                "ObjectNotFound",
                $"No kubeconfig file found; looked for {string.Join(", ", files)}. "
                    + "Name one with -Kubeconfig, or try the sandbox.",
                "Connect-Telepresence -Sandbox"
            )
            {
                TargetObject = string.Join(", ", files),
            };
        }
        return new Kubeconfig(read)
        {
            CurrentContext = currentContext,
            Clusters = clusters,
            Users = users,
            Contexts = contexts,
        };
    }

    private static List<string> ListFiles(KubeconfigOptions options)
    {
        if (!string.IsNullOrEmpty(options.Kubeconfig))
        {
            return [Path.GetFullPath(options.Kubeconfig)];
        }
        var list = options.GetEnvironmentVariable("KUBECONFIG");
        if (!string.IsNullOrEmpty(list))
        {
            return
            [
                .. list.Split(
                        Path.PathSeparator,
                        StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
                    )
                    .Select(Path.GetFullPath)
                    .Distinct(),
            ];
        }
        var home = options.GetEnvironmentVariable("HOME");
        if (string.IsNullOrEmpty(home))
        {
            home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        }
        return [Path.Combine(home, ".kube", "config")];
    }

    private static YamlMappingNode Parse(string file)
    {
        try
        {
            using StreamReader reader = new(file, Encoding.UTF8);
            var stream = YamlAccess.Load(reader);
            return stream.Documents.Count == 0 ? new YamlMappingNode()
                : stream.Documents[0].RootNode is YamlMappingNode mapping ? mapping
                : throw Invalid(file, "the document is not a mapping", null);
        }
        catch (YamlException e)
        {
            throw Invalid(file, $"line {e.Start.Line}, column {e.Start.Column}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(file, e.Message, e);
        }
    }

    private static KubernetesException Invalid(string file, string why, Exception? inner) =>
        new(
            KubernetesErrorId.KubeconfigInvalid,
            "InvalidData",
            $"Kubeconfig file {file} cannot be read: {why}",
            $"kubectl config view --kubeconfig '{file}'",
            inner
        );

    private static IEnumerable<(string Name, YamlMappingNode Entry)> Entries(
        YamlMappingNode root,
        string list,
        string entry
    )
    {
        foreach (var item in YamlAccess.Sequence(root, list))
        {
            if (
                item is YamlMappingNode mapping
                && YamlAccess.Text(mapping, "name") is { } name
                && YamlAccess.Child(mapping, entry) is YamlMappingNode value
            )
            {
                yield return (name, value);
            }
        }
    }
}
