using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telepresence.Engine.Kubernetes;

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
            currentContext ??= NullIfEmpty(YamlAccess.Text(root, "current-context"));
            foreach (var (name, entry) in Entries(root, "clusters", "cluster"))
            {
                clusters.TryAdd(name, ReadCluster(name, file, entry));
            }
            foreach (var (name, entry) in Entries(root, "users", "user"))
            {
                users.TryAdd(name, ReadUser(name, file, entry));
            }
            foreach (var (name, entry) in Entries(root, "contexts", "context"))
            {
                contexts.TryAdd(
                    name,
                    new(name, file)
                    {
                        Cluster = YamlAccess.Text(entry, "cluster"),
                        User = YamlAccess.Text(entry, "user"),
                        Namespace = NullIfEmpty(YamlAccess.Text(entry, "namespace")),
                    }
                );
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

    private static KubeconfigCluster ReadCluster(string name, string file, YamlMappingNode entry)
    {
        var extension = YamlAccess
            .Sequence(entry, "extensions")
            .OfType<YamlMappingNode>()
            .Where(e => YamlAccess.Text(e, "name") == "telepresence.io")
            .Select(e => YamlAccess.Child(e, "extension"))
            .OfType<YamlMappingNode>()
            .FirstOrDefault();
        return new(name, file)
        {
            Server = NullIfEmpty(YamlAccess.Text(entry, "server")),
            CertificateAuthority = Resolve(file, YamlAccess.Text(entry, "certificate-authority")),
            CertificateAuthorityData = NullIfEmpty(YamlAccess.Text(entry, "certificate-authority-data")),
            InsecureSkipTlsVerify = YamlAccess.Flag(entry, "insecure-skip-tls-verify"),
            TlsServerName = NullIfEmpty(YamlAccess.Text(entry, "tls-server-name")),
            ProxyUrl = NullIfEmpty(YamlAccess.Text(entry, "proxy-url")),
            TelepresenceExtension = extension is null ? null : YamlAccess.Write(extension),
            ManagerNamespace = NullIfEmpty(
                YamlAccess.Text(YamlAccess.Child(extension, "manager"), "namespace")
                    ?? YamlAccess.Text(YamlAccess.Child(extension, "cluster"), "defaultManagerNamespace")
            ),
        };
    }

    private static KubeconfigUser ReadUser(string name, string file, YamlMappingNode entry) =>
        new(name, file)
        {
            ClientCertificate = Resolve(file, YamlAccess.Text(entry, "client-certificate")),
            ClientCertificateData = NullIfEmpty(YamlAccess.Text(entry, "client-certificate-data")),
            ClientKey = Resolve(file, YamlAccess.Text(entry, "client-key")),
            ClientKeyData = NullIfEmpty(YamlAccess.Text(entry, "client-key-data")),
            Token = NullIfEmpty(YamlAccess.Text(entry, "token")),
            TokenFile = Resolve(file, YamlAccess.Text(entry, "tokenFile")),
            Username = NullIfEmpty(YamlAccess.Text(entry, "username")),
            Password = YamlAccess.Text(entry, "password"),
            Impersonate = NullIfEmpty(YamlAccess.Text(entry, "as")),
            ImpersonateGroups =
            [
                .. YamlAccess.Sequence(entry, "as-groups").OfType<YamlScalarNode>().Select(n => n.Value ?? ""),
            ],
            Exec = YamlAccess.Child(entry, "exec") is YamlMappingNode exec ? ReadExec(file, exec) : null,
        };

    private static ExecPluginConfig? ReadExec(string file, YamlMappingNode exec)
    {
        var command = NullIfEmpty(YamlAccess.Text(exec, "command"));
        if (command is null)
        {
            return null;
        }
        // A bare name is looked up in PATH; anything with a separator is relative to the file.
        return new(command.Contains('/') || command.Contains('\\') ? Resolve(file, command)! : command)
        {
            ApiVersion = NullIfEmpty(YamlAccess.Text(exec, "apiVersion")) ?? "client.authentication.k8s.io/v1",
            Arguments = [.. YamlAccess.Sequence(exec, "args").OfType<YamlScalarNode>().Select(n => n.Value ?? "")],
            Environment =
            [
                .. YamlAccess
                    .Sequence(exec, "env")
                    .OfType<YamlMappingNode>()
                    .Select(e =>
                        KeyValuePair.Create(YamlAccess.Text(e, "name") ?? "", YamlAccess.Text(e, "value") ?? "")
                    )
                    .Where(e => e.Key.Length > 0),
            ],
            ProvideClusterInfo = YamlAccess.Flag(exec, "provideClusterInfo"),
            InstallHint = NullIfEmpty(YamlAccess.Text(exec, "installHint")),
        };
    }

    private static string? Resolve(string file, string? path) =>
        string.IsNullOrEmpty(path) ? null : Path.Combine(Path.GetDirectoryName(file) ?? "/", path);

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
