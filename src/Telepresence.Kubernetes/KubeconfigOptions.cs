namespace Telepresence.Kubernetes;

/// <summary>What the user said about the cluster to talk to; everything unset comes from the kubeconfig.</summary>
internal sealed record KubeconfigOptions
{
    /// <summary>A file that is used alone, instead of the <c>KUBECONFIG</c> list.</summary>
    public string? Kubeconfig { get; init; }
    public string? Context { get; init; }
    public string? Cluster { get; init; }
    public string? User { get; init; }
    public string? Server { get; init; }
    public string? Token { get; init; }
    public string? TlsServerName { get; init; }
    public bool SkipCertificateCheck { get; init; }
    public string? As { get; init; }
    public IReadOnlyList<string> AsGroup { get; init; } = [];
    public string? Namespace { get; init; }

    /// <summary>The user's environment for credential plugins; null is this process's.</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; }

    /// <summary>The user's directory, where credential plugins start; null is this process's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Where a pod finds its service account.</summary>
    public string ServiceAccountFolder { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Environment to look <c>KUBECONFIG</c>, <c>HOME</c> and the proxy variables up in; null is this process's.</summary>
    public Func<string, string?>? Environment { get; init; }

    public string? GetEnvironmentVariable(string name) =>
        Environment is { } environment ? environment(name) : System.Environment.GetEnvironmentVariable(name);
}
