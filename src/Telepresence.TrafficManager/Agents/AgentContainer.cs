using System.Net;
using System.Net.Sockets;

namespace Telepresence.TrafficManager.Agents;

/// <summary>A container beside a traffic-agent.</summary>
public sealed record AgentContainer
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where its volumes are exported.</summary>
    public string MountPoint { get; init; } = "";

    /// <summary>Policies of its volumes' paths: 0 remote, 1 remote and read-only, 2 local, 3 ignored.</summary>
    public IReadOnlyDictionary<string, int> Mounts { get; init; } = new Dictionary<string, int>();

    /// <summary>The ports that the agent stands before.</summary>
    public IReadOnlyList<AgentPort> Ports { get; init; } = [];
}

/// <summary>A container's port that a traffic-agent stands before.</summary>
/// <param name="ContainerPort">Number that the container has it under.</param>
/// <param name="Protocol">Tcp or Udp.</param>
/// <param name="Listen">Where callers are led to; port 0 takes a free one.</param>
/// <param name="DialApp">Opens a connection to the container itself; for UDP a connected socket.</param>
public sealed record AgentPort(
    int ContainerPort,
    ProtocolType Protocol,
    IPEndPoint Listen,
    Func<CancellationToken, ValueTask<Socket>> DialApp
);
