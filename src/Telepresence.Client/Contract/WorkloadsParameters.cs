namespace Telepresence.Client.Contract;

/// <summary>Which workloads <c>Get-TelepresenceWorkload</c> asks for.</summary>
public sealed record WorkloadsParameters
{
    /// <summary>Cluster and user, where no session is asked.</summary>
    public ClusterSelection Cluster { get; set; } = new();

    /// <summary>The user named a cluster: sessions are not asked.</summary>
    public bool NamesCluster { get; set; }

    /// <summary>Session whose traffic-manager is asked; null: each one's.</summary>
    public string? Session { get; set; }

    /// <summary>Namespaces; empty: that of the session, or of the context.</summary>
    public IReadOnlyList<string> Namespaces { get; set; } = [];
}
