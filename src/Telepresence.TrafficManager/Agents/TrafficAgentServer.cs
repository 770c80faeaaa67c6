using System.Net;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Services;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents;

/// <summary>
/// A traffic-agent: dials from its pod, for clients that call it and for the traffic-manager that asks it to. Embedded in
/// the sandbox and in tests, or the whole of a process.
/// </summary>
public sealed class TrafficAgentServer : IAsyncDisposable
{
    private readonly GrpcServer _server;
    private readonly GrpcChannel _channel;
    private readonly ManagerLink _link;
    private readonly DialResponder _responder;
    private readonly TunnelReports _reports;

    private TrafficAgentServer(
        GrpcServer server,
        GrpcChannel channel,
        ManagerLink link,
        DialResponder responder,
        TunnelReports reports,
        ClientDials dials
    )
    {
        _server = server;
        _channel = channel;
        _link = link;
        _responder = responder;
        _reports = reports;
        Dials = dials;
    }

    /// <summary>The way to the clients that watch this agent; whoever accepts connections for them asks here.</summary>
    internal ClientDials Dials { get; }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => _server.EndPoint;

    /// <summary>Ends when the agent has arrived at the manager for the first time.</summary>
    public Task Arrived => _link.Arrived;

    /// <summary>Starts to listen, and to look for the manager.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<TrafficAgentServer> StartAsync(
        TrafficAgentOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var channel = new GrpcChannel(
            options.ConnectManager,
            new GrpcChannelOptions
            {
                MaxReceiveMessageSize = options.MaxReceiveMessageSize,
                Credentials = options.Credentials,
                TimeProvider = options.TimeProvider,
            }
        );
        var manager = new ManagerClient(channel);
        var dialled = new DialledTunnel(
            new DialOptions(
                options.Dialer,
                options.TcpIdleTimeout,
                options.UdpIdleTimeout,
                options.EmptyDialReject,
                options.TimeProvider
            ),
            new TunnelCounters()
        );
        var reports = new TunnelReports(manager);
        var dials = new ClientDials();
        var methods = new MethodTable(options.Release);
        new TunnelService(new AgentRoute(dialled, reports)).AddTo(methods, AgentMethods.Tunnel);
        new AgentApi(options, dials).AddTo(methods);
        HealthService.AddTo(methods, AgentMethods.ServiceName);
        GrpcServer server;
        try
        {
            server = await GrpcServer
                .StartAsync(
                    options.Listen,
                    methods,
                    options.MaxReceiveMessageSize,
                    options.TimeProvider,
                    options.LoggerFactory,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch
        {
            channel.Dispose();
            throw;
        }
        var responder = new DialResponder(manager, dialled, options);
        var link = new ManagerLink(manager, responder, Describe(options, server.EndPoint), options);
        return new TrafficAgentServer(server, channel, link, responder, reports, dials);
    }

    /// <summary>Departs, ends all tunnels and stops to listen.</summary>
    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync().ConfigureAwait(false);
        await _responder.DisposeAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
        await _reports.DisposeAsync().ConfigureAwait(false);
        _channel.Dispose();
    }

    private static AgentInfo Describe(TrafficAgentOptions options, IPEndPoint endPoint) =>
        new()
        {
            Name = options.Workload,
            Kind = options.Kind?.ToString() ?? "",
            Namespace = options.Namespace,
            PodName = options.PodName,
            PodUid = options.PodUid,
            PodIp = options.PodAddress.ToString(),
            ApiPort = options.ApiPort ?? endPoint.Port,
            Product = "telepresence",
            Version = options.Version,
            Mechanisms =
            {
                new AgentInfo.Types.Mechanism
                {
                    Name = "tcp",
                    Product = "telepresence",
                    Version = options.Version,
                },
            },
        };
}
