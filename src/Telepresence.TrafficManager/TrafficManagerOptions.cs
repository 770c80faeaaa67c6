using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;

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

    /// <summary>The upstream release whose methods, fields and manners are this manager's; null: all of them.</summary>
    public ManagerRelease? Release { get; private init; }

    /// <summary>Asks callers for bearer tokens; null: nobody is asked, and clients are told so.</summary>
    public ManagerAuthentication? Authentication { get; init; }

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

    /// <summary>Image of the agents that are injected; null: none is known.</summary>
    public string? AgentImage { get; init; }

    /// <summary>Port of the API that agents offer to an engaged container's processes; 0: none.</summary>
    public int AgentApiPort { get; init; }

    /// <summary>What SetLogLevel changes, besides telling the agents.</summary>
    public LogLevelSwitch LogLevel { get; init; } = new(Microsoft.Extensions.Logging.LogLevel.Information);

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

    /// <summary>The same manager as one of that release.</summary>
    public TrafficManagerOptions Emulating(ManagerRelease release)
    {
        ArgumentNullException.ThrowIfNull(release);
        return this with { Release = release, Version = release.Name, EmptyDialReject = true };
    }
}
