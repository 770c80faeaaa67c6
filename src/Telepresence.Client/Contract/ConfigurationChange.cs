using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>Sets or removes a key.</summary>
public sealed record ConfigurationChange
{
    /// <summary>Client or Cluster.</summary>
    public ConfigurationScope Scope { get; set; }

    /// <summary>The key.</summary>
    public string Key { get; set; } = "";

    /// <summary>One value, or any number for a list.</summary>
    public IReadOnlyList<string> Values { get; set; } = [];

    /// <summary>Removes the key, so that lower layers and the default show through.</summary>
    public bool Remove { get; set; }

    /// <summary>Checks everything and writes nothing.</summary>
    public bool DryRun { get; set; }

    /// <summary>The cluster, and the environment that says where the user's file is.</summary>
    public ClusterSelection Cluster { get; set; } = new();

    /// <summary>Where the traffic-manager runs; null: found.</summary>
    public string? ManagerNamespace { get; set; }

    /// <summary>Error id <c>Timeout</c> then; null: the engine's default.</summary>
    public double? TimeoutSeconds { get; set; }
}

/// <summary>What a <see cref="ConfigurationChange"/> did, or with DryRun would do.</summary>
public sealed record ConfigurationChanged
{
    /// <summary>What is written: a file, or a ConfigMap.</summary>
    public string Target { get; set; } = "";

    /// <summary>False: it says so already.</summary>
    public bool IsChanged { get; set; }

    /// <summary>The key as it then is in that scope.</summary>
    public TelepresenceConfigurationEntry Entry { get; set; } = new();
}
