using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>Asks for the configuration.</summary>
public sealed record ConfigurationParameters
{
    /// <summary>Whose.</summary>
    public ConfigurationScope Scope { get; set; }

    /// <summary>The session whose configuration it is; null: none.</summary>
    public string? Session { get; set; }

    /// <summary>The cluster without a session, and the environment that says where the user's file is.</summary>
    public ClusterSelection Cluster { get; set; } = new();

    /// <summary>True: the cluster is asked (by <see cref="ConfigurationScope.Cluster"/> always); false: a kubeconfig that cannot be used is no error.</summary>
    public bool AskCluster { get; set; }

    /// <summary>Where the traffic-manager runs; null: found.</summary>
    public string? ManagerNamespace { get; set; }

    /// <summary>Error id <c>Timeout</c> then; null: the engine's default.</summary>
    public double? TimeoutSeconds { get; set; }
}

/// <summary>The configuration.</summary>
public sealed record ConfigurationResult
{
    /// <summary>One a key, by name.</summary>
    public IReadOnlyList<TelepresenceConfigurationEntry> Entries { get; set; } = [];

    /// <summary>What looks like a mistake in the sources.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}
