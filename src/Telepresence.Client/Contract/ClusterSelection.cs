namespace Telepresence.Client.Contract;

/// <summary>Which cluster, as which user: the kubeconfig and what overrides it, with kubectl's meaning.</summary>
public sealed record ClusterSelection
{
    /// <summary>
    /// Path, or several joined by the system's path separator as in <c>KUBECONFIG</c>. The client always fills it in: the
    /// engine's own environment and home directory are not the user's.
    /// </summary>
    public string? Kubeconfig { get; set; }

    /// <summary>Context name; null: the current one.</summary>
    public string? Context { get; set; }

    /// <summary>Name of a cluster entry instead of the context's.</summary>
    public string? Cluster { get; set; }

    /// <summary>Name of a user entry instead of the context's.</summary>
    public string? User { get; set; }

    /// <summary>URL of the API server instead of the cluster entry's.</summary>
    public string? Server { get; set; }

    /// <summary>Bearer token instead of the user entry's credentials.</summary>
    public string? Token { get; set; }

    /// <summary>User to impersonate.</summary>
    public string? As { get; set; }

    /// <summary>Groups to impersonate.</summary>
    public IReadOnlyList<string> AsGroup { get; set; } = [];

    /// <summary>Server name to check the certificate against.</summary>
    public string? TlsServerName { get; set; }

    /// <summary>Accepts any certificate of the API server.</summary>
    public bool SkipCertificateCheck { get; set; }

    /// <summary>Directory that relative paths of exec plugins start at.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>The user's environment, for exec plugins; null: the engine's own.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; set; }
}
