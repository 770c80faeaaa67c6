namespace Telepresence.Client.Objects;

/// <summary>What runs pods in a cluster, and whether a traffic-agent is beside it.</summary>
public sealed class TelepresenceWorkload
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its namespace.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>Deployment, ReplicaSet, StatefulSet or Rollout.</summary>
    public string Kind { get; set; } = "";

    /// <summary>Whether its pods run.</summary>
    public WorkloadState State { get; set; }

    /// <summary>Whether its pods have a traffic-agent.</summary>
    public WorkloadAgentState AgentState { get; set; }

    /// <summary>Clients that intercept it, where the traffic-manager tells.</summary>
    public string[] Clients { get; set; } = [];

    /// <summary>Session whose traffic-manager was asked; empty where the API server was.</summary>
    public string Session { get; set; } = "";

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
