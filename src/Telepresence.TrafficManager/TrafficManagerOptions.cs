using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager;

/// <summary>What a <see cref="TrafficManagerServer"/> serves.</summary>
public sealed record TrafficManagerOptions
{
    /// <summary>Opens the far ends of tunnels.</summary>
    public required IClusterDialer Dialer { get; init; }

    /// <summary>Answers LookupDNS.</summary>
    public required IClusterDns Dns { get; init; }

    /// <summary>What clients are told of the cluster.</summary>
    public required IClusterState State { get; init; }

    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Release the manager says it is: what clients decide by.</summary>
    public string Version { get; init; } = "v2.25.0";

    /// <summary>Name the manager says it has.</summary>
    public string Name { get; init; } = "OSS Traffic Manager";

    /// <summary>True: no errno in a DialReject, as upstream.</summary>
    public bool EmptyDialReject { get; init; }

    /// <summary>Session without a sign of life for that long ends.</summary>
    public TimeSpan ClientTimeToLive { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A traffic-agent without a sign of life for that long is forgotten.</summary>
    public TimeSpan AgentTimeToLive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long EnsureAgent waits for an agent to arrive.</summary>
    public TimeSpan AgentArrivalTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The cluster's workloads; null: none are known.</summary>
    public IClusterWorkloads? Workloads { get; init; }

    /// <summary>Gives workloads traffic-agents; null: only agents that are there already are found.</summary>
    public IAgentInjection? Injection { get; init; }

    /// <summary>A TCP tunnel without traffic for that long is closed.</summary>
    public TimeSpan TcpIdleTimeout { get; init; } = TimeSpan.FromHours(2);

    /// <summary>A UDP tunnel without traffic for that long is closed.</summary>
    public TimeSpan UdpIdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A longer request message is refused with ResourceExhausted.</summary>
    public int MaxReceiveMessageSize { get; init; } = GrpcFraming.DefaultMaxMessageSize;

    /// <summary>Measures idle time, sessions' lives and deadlines.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where to log.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}
