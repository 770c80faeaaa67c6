namespace Telepresence.Client.Objects;

/// <summary>Whose configuration.</summary>
public enum ConfigurationScope
{
    /// <summary>What counts: the cluster's where a session or a context names one, under the client's, under parameters.</summary>
    Effective,

    /// <summary>This machine's: files, environment and kubeconfig.</summary>
    Client,

    /// <summary>What the traffic-manager gives all its clients.</summary>
    Cluster,
}
