namespace Telepresence.Client.Objects;

/// <summary>Who logs.</summary>
public enum LogComponent
{
    /// <summary>The engine on this machine.</summary>
    Engine,

    /// <summary>The traffic-manager in the cluster, and its traffic-agents.</summary>
    Manager,
}
