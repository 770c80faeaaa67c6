using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Agents.Forwarding;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Services;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents;

/// <summary>
/// A traffic-agent: dials from its pod, for clients that call it and for the traffic-manager that asks it to, and stands
/// before its pod's ports for clients that intercept. Embedded in the sandbox and in tests, or the whole of a process.
/// </summary>
public sealed class TrafficAgentServer : IAsyncDisposable
{
    private readonly GrpcServer _server;
    private readonly GrpcChannel _channel;
    private readonly ManagerLink _link;
    private readonly DialResponder _responder;
    private readonly TunnelReports _reports;
    private readonly AgentPorts _ports;

    private TrafficAgentServer(
        GrpcServer server,
        GrpcChannel channel,
        ManagerLink link,
        DialResponder responder,
        TunnelReports reports,
        AgentPorts ports,
        ClientDials dials
    )
    {
        Dials = dials;
        _server = server;
        _channel = channel;
        _link = link;
        _responder = responder;
        _reports = reports;
        _ports = ports;
    }

    /// <summary>The way to the clients that watch this agent.</summary>
    internal ClientDials Dials { get; }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => _server.EndPoint;

    /// <summary>Where volumes are offered by SFTP; null: they are not.</summary>
    public IPEndPoint? SftpEndPoint => _ports.Sftp?.EndPoint;

    /// <summary>Ends when the agent has arrived at the manager for the first time.</summary>
    public Task Arrived => _link.Arrived;

    /// <summary>Where it listens for a container's port; null: it does not.</summary>
    public IPEndPoint? EndPointOf(int containerPort, ProtocolType protocol) =>
        _ports
            .Forwarders.FirstOrDefault(f => f.Port.ContainerPort == containerPort && f.Port.Protocol == protocol)
            ?.EndPoint;

    /// <summary>Starts to listen, and to look for the manager.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    /// <exception cref="SocketException">A container's port is in use.</exception>
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
        var rendezvous = new TunnelRendezvous();
        var clients = new ClientConnector(manager, dials, rendezvous, options);
        var methods = new MethodTable(options.Release);
        new TunnelService(new AgentRoute(dialled, reports, rendezvous)).AddTo(methods, AgentMethods.Tunnel);
        new AgentApi(options, dials).AddTo(methods);
        HealthService.AddTo(methods, AgentMethods.ServiceName);
        GrpcServer? server = null;
        AgentPorts? ports = null;
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
            ports = await AgentPorts.StartAsync(options, clients, reports).ConfigureAwait(false);
        }
        catch
        {
            if (server is not null)
                await server.DisposeAsync().ConfigureAwait(false);
            channel.Dispose();
            throw;
        }
        var responder = new DialResponder(manager, dialled, options);
        var sftpPort = ports.Sftp is { } sftp ? options.MapSftpPort?.Invoke(sftp.EndPoint) ?? sftp.EndPoint.Port : 0;
        var book = new InterceptBook(manager, options, ports.Forwarders, sftpPort);
        var info = AgentDescription.Of(options, server.EndPoint, sftpPort);
        var link = new ManagerLink(manager, responder, book, clients, info, options);
        return new TrafficAgentServer(server, channel, link, responder, reports, ports, dials);
    }

    /// <summary>Departs, ends all tunnels and stops to listen.</summary>
    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync().ConfigureAwait(false);
        await _ports.DisposeAsync().ConfigureAwait(false);
        await _responder.DisposeAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
        await _reports.DisposeAsync().ConfigureAwait(false);
        _channel.Dispose();
    }
}
