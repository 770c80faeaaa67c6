namespace Telepresence.Engine.Manager;

/// <summary>Which workloads' agents a session sends traffic through, and how long things may take.</summary>
internal sealed record AgentOptions
{
    /// <summary>The connected namespace: managers list the agents of no other.</summary>
    public required string Namespace { get; init; }

    /// <summary>Each once.</summary>
    public required IReadOnlyList<string> Workloads { get; init; }

    /// <summary>timeouts.intercept: until a pod of each workload has an agent.</summary>
    public TimeSpan ArrivalTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Until an agent has answered the first time.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A link that had no tunnel for so long is closed; the next tunnel opens it again.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public TunnelOptions Tunnels { get; init; } = new();
}
