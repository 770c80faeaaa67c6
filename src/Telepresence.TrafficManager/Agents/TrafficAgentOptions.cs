using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.TrafficManager.Agents;

/// <summary>Which pod a <see cref="TrafficAgentServer"/> stands in, and how it reaches the traffic-manager.</summary>
public sealed record TrafficAgentOptions
{
    /// <summary>Opens a connection to the traffic-manager's gRPC port.</summary>
    public required Func<CancellationToken, ValueTask<Stream>> ConnectManager { get; init; }

    /// <summary>Opens the far ends of tunnels, from the agent's pod.</summary>
    public required IClusterDialer Dialer { get; init; }

    /// <summary>Answers Lookup as the agent's pod sees names; null: Lookup is not served.</summary>
    public IClusterDns? Dns { get; init; }

    /// <summary>Name of the workload that the pod is of.</summary>
    public required string Workload { get; init; }

    /// <summary>Kind of the workload.</summary>
    public WorkloadKind? Kind { get; init; }

    /// <summary>Namespace of the pod.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the pod.</summary>
    public required string PodName { get; init; }

    /// <summary>Uid of the pod; empty when it is not known.</summary>
    public string PodUid { get; init; } = "";

    /// <summary>Address of the pod.</summary>
    public required IPAddress PodAddress { get; init; }

    /// <summary>Where clients' calls are taken; port 0 takes a free one.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>The api port as the pod has it; null: the one that is listened at.</summary>
    public int? ApiPort { get; init; }

    /// <summary>The containers beside it, and the ports that it stands before.</summary>
    public IReadOnlyList<AgentContainer> Containers { get; init; } = [];

    /// <summary>Directory under which the containers' volumes are exported by SFTP; null: they are not.</summary>
    public string? ExportDirectory { get; init; }

    /// <summary>The SFTP port as the pod has it, from the one that is listened at; null: the same.</summary>
    public Func<IPEndPoint, int>? MapSftpPort { get; init; }

    /// <summary>Who a peer is in the cluster; null: who it is.</summary>
    public Func<IPAddress, IPAddress>? PeerOf { get; init; }

    /// <summary>Release the agent says it is.</summary>
    public string Version { get; init; } = "v2.25.0";

    /// <summary>Name the agent says it has.</summary>
    public string Name { get; init; } = "OSS Traffic Agent";

    /// <summary>The upstream release whose methods and fields are this agent's; null: all of them.</summary>
    public ManagerRelease? Release { get; private init; }

    /// <summary>What proves to the traffic-manager who this agent is; null: nothing.</summary>
    public ICallCredentials? Credentials { get; init; }

    /// <summary>What the traffic-manager may change.</summary>
    public LogLevelSwitch LogLevel { get; init; } = new(Microsoft.Extensions.Logging.LogLevel.Information);

    /// <summary>True: no errno in a DialReject, as upstream.</summary>
    public bool EmptyDialReject { get; init; }

    /// <summary>Time between signs of life; the manager forgets an agent after 15 s.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Wait before the first new try to reach the manager; it doubles.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait before a new try.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Dials for the manager that may go on at the same time; more wait.</summary>
    public int MaxConcurrentDials { get; init; } = 256;

    /// <summary>A TCP tunnel without traffic for that long is closed.</summary>
    public TimeSpan TcpIdleTimeout { get; init; } = TimeSpan.FromHours(2);

    /// <summary>A UDP tunnel without traffic for that long is closed.</summary>
    public TimeSpan UdpIdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A longer message is refused with ResourceExhausted.</summary>
    public int MaxReceiveMessageSize { get; init; } = GrpcFraming.DefaultMaxMessageSize;

    /// <summary>Measures time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where to log.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The same agent as one of that release.</summary>
    public TrafficAgentOptions Emulating(ManagerRelease release)
    {
        ArgumentNullException.ThrowIfNull(release);
        return this with { Release = release, Version = release.Name, EmptyDialReject = true };
    }
}
