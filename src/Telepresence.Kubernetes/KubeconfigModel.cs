namespace Telepresence.Kubernetes;

/// <summary>
/// An entry of a merged kubeconfig. <see cref="File"/> is where it was found: relative paths in it are relative to that
/// file's folder, and errors name it.
/// </summary>
internal sealed record KubeconfigCluster(string Name, string File)
{
    public string? Server { get; init; }
    public string? CertificateAuthority { get; init; }
    public string? CertificateAuthorityData { get; init; }
    public bool InsecureSkipTlsVerify { get; init; }
    public string? TlsServerName { get; init; }
    public string? ProxyUrl { get; init; }

    /// <summary>Answers are wanted as they are: the API server's processor time is dearer than the network.</summary>
    public bool DisableCompression { get; init; }

    /// <summary>The extension <c>client.authentication.k8s.io/exec</c> as JSON: what a plugin with <c>provideClusterInfo</c> is told.</summary>
    public string? ExecExtension { get; init; }

    /// <summary>The <c>telepresence.io</c> extension as YAML text: a fragment of the client configuration.</summary>
    public string? TelepresenceExtension { get; init; }

    /// <summary>The manager's namespace that the extension names (both the old and the new key).</summary>
    public string? ManagerNamespace { get; init; }
}

/// <inheritdoc cref="KubeconfigCluster"/>
internal sealed record KubeconfigUser(string Name, string File)
{
    public string? ClientCertificate { get; init; }
    public string? ClientCertificateData { get; init; }
    public string? ClientKey { get; init; }
    public string? ClientKeyData { get; init; }
    public string? Token { get; init; }
    public string? TokenFile { get; init; }
    public string? Username { get; init; }
    public string? Password { get; init; }
    public string? Impersonate { get; init; }
    public string? ImpersonateUid { get; init; }
    public IReadOnlyList<string> ImpersonateGroups { get; init; } = [];
    public IReadOnlyList<KeyValuePair<string, string>> ImpersonateExtra { get; init; } = [];
    public ExecPluginConfig? Exec { get; init; }
    public AuthProviderConfig? AuthProvider { get; init; }
}

/// <inheritdoc cref="KubeconfigCluster"/>
internal sealed record KubeconfigContext(string Name, string File)
{
    public string? Cluster { get; init; }
    public string? User { get; init; }
    public string? Namespace { get; init; }
}

/// <summary>All files of a <c>KUBECONFIG</c> list as one: the first file that names an entry wins.</summary>
internal sealed record Kubeconfig(IReadOnlyList<string> Files)
{
    public string? CurrentContext { get; init; }
    public IReadOnlyDictionary<string, KubeconfigCluster> Clusters { get; init; } =
        new Dictionary<string, KubeconfigCluster>();
    public IReadOnlyDictionary<string, KubeconfigUser> Users { get; init; } = new Dictionary<string, KubeconfigUser>();
    public IReadOnlyDictionary<string, KubeconfigContext> Contexts { get; init; } =
        new Dictionary<string, KubeconfigContext>();
}
