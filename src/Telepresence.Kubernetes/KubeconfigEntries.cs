using YamlDotNet.RepresentationModel;

namespace Telepresence.Kubernetes;

/// <summary>Reads single entries of a kubeconfig file; relative paths in them start at the file's folder.</summary>
internal static class KubeconfigEntries
{
    public static KubeconfigCluster ReadCluster(string name, string file, YamlMappingNode entry)
    {
        var extension = Extension(entry, "telepresence.io") as YamlMappingNode;
        return new(name, file)
        {
            Server = YamlAccess.NonEmptyText(entry, "server"),
            CertificateAuthority = Resolve(file, YamlAccess.Text(entry, "certificate-authority")),
            CertificateAuthorityData = YamlAccess.NonEmptyText(entry, "certificate-authority-data"),
            InsecureSkipTlsVerify = YamlAccess.Flag(entry, "insecure-skip-tls-verify"),
            TlsServerName = YamlAccess.NonEmptyText(entry, "tls-server-name"),
            ProxyUrl = YamlAccess.NonEmptyText(entry, "proxy-url"),
            DisableCompression = YamlAccess.Flag(entry, "disable-compression"),
            ExecExtension = Extension(entry, "client.authentication.k8s.io/exec") is { } config
                ? YamlAccess.ToJson(config)
                : null,
            TelepresenceExtension = extension is null ? null : YamlAccess.Write(extension),
            ManagerNamespace =
                YamlAccess.NonEmptyText(YamlAccess.Child(extension, "manager"), "namespace")
                ?? YamlAccess.NonEmptyText(YamlAccess.Child(extension, "cluster"), "defaultManagerNamespace"),
        };
    }

    public static KubeconfigUser ReadUser(string name, string file, YamlMappingNode entry) =>
        new(name, file)
        {
            ClientCertificate = Resolve(file, YamlAccess.Text(entry, "client-certificate")),
            ClientCertificateData = YamlAccess.NonEmptyText(entry, "client-certificate-data"),
            ClientKey = Resolve(file, YamlAccess.Text(entry, "client-key")),
            ClientKeyData = YamlAccess.NonEmptyText(entry, "client-key-data"),
            Token = YamlAccess.NonEmptyText(entry, "token"),
            TokenFile = Resolve(file, YamlAccess.Text(entry, "tokenFile")),
            Username = YamlAccess.NonEmptyText(entry, "username"),
            Password = YamlAccess.Text(entry, "password"),
            Impersonate = YamlAccess.NonEmptyText(entry, "as"),
            ImpersonateGroups =
            [
                .. YamlAccess.Sequence(entry, "as-groups").OfType<YamlScalarNode>().Select(n => n.Value ?? ""),
            ],
            ImpersonateUid = YamlAccess.NonEmptyText(entry, "as-uid"),
            ImpersonateExtra = [.. ReadExtra(YamlAccess.Child(entry, "as-user-extra"))],
            Exec = YamlAccess.Child(entry, "exec") is YamlMappingNode exec ? ReadExec(file, exec) : null,
            AuthProvider =
                YamlAccess.Child(entry, "auth-provider") is YamlMappingNode provider
                && YamlAccess.NonEmptyText(provider, "name") is { } providerName
                    ? new(providerName, YamlAccess.NonEmptyText(YamlAccess.Child(provider, "config"), "id-token"))
                    : null,
        };

    public static KubeconfigContext ReadContext(string name, string file, YamlMappingNode entry) =>
        new(name, file)
        {
            Cluster = YamlAccess.NonEmptyText(entry, "cluster"),
            User = YamlAccess.NonEmptyText(entry, "user"),
            Namespace = YamlAccess.NonEmptyText(entry, "namespace"),
        };

    private static YamlNode? Extension(YamlMappingNode entry, string name) =>
        YamlAccess
            .Sequence(entry, "extensions")
            .OfType<YamlMappingNode>()
            .Where(e => YamlAccess.Text(e, "name") == name)
            .Select(e => YamlAccess.Child(e, "extension"))
            .FirstOrDefault(e => e is not null);

    private static IEnumerable<KeyValuePair<string, string>> ReadExtra(YamlNode? extra) =>
        extra is not YamlMappingNode mapping
            ? []
            : mapping
                .Children.Keys.OfType<YamlScalarNode>()
                .SelectMany(key =>
                    YamlAccess
                        .Sequence(mapping, key.Value ?? "")
                        .OfType<YamlScalarNode>()
                        .Select(value => KeyValuePair.Create(key.Value ?? "", value.Value ?? ""))
                );

    private static ExecPluginConfig ReadExec(string file, YamlMappingNode exec)
    {
        var command = YamlAccess.Text(exec, "command") ?? "";
        // A bare name is looked up in PATH; anything with a separator is relative to the file.
        return new(command.Contains('/') || command.Contains('\\') ? Resolve(file, command)! : command)
        {
            ApiVersion = YamlAccess.NonEmptyText(exec, "apiVersion") ?? "client.authentication.k8s.io/v1",
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
            InteractiveMode = YamlAccess.NonEmptyText(exec, "interactiveMode") ?? "IfAvailable",
            InstallHint = YamlAccess.NonEmptyText(exec, "installHint"),
        };
    }

    private static string? Resolve(string file, string? path) =>
        string.IsNullOrEmpty(path) ? null : Path.Combine(Path.GetDirectoryName(file) ?? "/", path);
}
