using System.Net;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Monitoring;
using Telepresence.TrafficManager.Services;
using Telepresence.TrafficManager.Sessions;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager;

/// <summary>A traffic-manager that listens: embedded in the sandbox and in tests, or the whole of a process.</summary>
public sealed class TrafficManagerServer : IAsyncDisposable
{
    private readonly GrpcServer _server;
    private readonly ClusterStateFeed _feed;
    private readonly LogLevels _levels;
    private readonly InterceptMaking _making;

    private TrafficManagerServer(
        GrpcServer server,
        SessionTable sessions,
        ClusterStateFeed feed,
        LogLevels levels,
        ManagerMetrics metrics,
        InterceptMaking making
    )
    {
        _making = making;
        _server = server;
        _levels = levels;
        Metrics = metrics;
        Sessions = sessions;
        _feed = feed;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => _server.EndPoint;

    internal SessionTable Sessions { get; }

    internal ManagerMetrics Metrics { get; }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<TrafficManagerServer> StartAsync(
        TrafficManagerOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        var sessions = new SessionTable(options.TimeProvider, options.ClientTimeToLive, options.AgentTimeToLive);
        var feed = new ClusterStateFeed(options.State);
        var levels = new LogLevels(options.LogLevel, options.TimeProvider);
        var metrics = new ManagerMetrics(sessions);
        var methods = new MethodTable(
            options.Release,
            options.Authentication is { } asked ? new CallAuthentication(asked) : null
        );
        new ManagerService(options, sessions, feed, metrics).AddTo(methods);
        var arrival = new AgentArrival(options, sessions, sessions.Intercepts);
        var making = new InterceptMaking(options, sessions, sessions.Intercepts, arrival, feed);
        sessions.InterceptsLost += lost => making.Restore(lost);
        var intercepts = new InterceptService(options, sessions, sessions.Intercepts, making);
        intercepts.AddTo(methods);
        new AgentService(options, sessions, feed, metrics.Tunnels, arrival, intercepts).AddTo(methods);
        new InjectionService(options, sessions, feed).AddTo(methods);
        new LogLevelService(levels).AddTo(methods);
        new WorkloadService(options, sessions, feed).AddTo(methods);
        var dialled = new DialledTunnel(
            new DialOptions(
                options.Dialer,
                options.TcpIdleTimeout,
                options.UdpIdleTimeout,
                options.EmptyDialReject,
                options.TimeProvider
            ),
            metrics.Tunnels
        );
        new TunnelService(new ManagerRoute(dialled, sessions, feed, metrics.Tunnels, options.TimeProvider)).AddTo(
            methods,
            ManagerMethods.Tunnel
        );
        HealthService.AddTo(methods, ManagerMethods.ServiceName);
        try
        {
            var server = await GrpcServer
                .StartAsync(
                    options.Listen,
                    methods,
                    options.MaxReceiveMessageSize,
                    options.TimeProvider,
                    options.LoggerFactory,
                    cancellationToken
                )
                .ConfigureAwait(false);
            return new TrafficManagerServer(server, sessions, feed, levels, metrics, making);
        }
        catch
        {
            await making.DisposeAsync().ConfigureAwait(false);
            sessions.Dispose();
            feed.Dispose();
            levels.Dispose();
            metrics.Dispose();
            throw;
        }
    }

    /// <summary>Ends all calls and stops to listen.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().ConfigureAwait(false);
        await _making.DisposeAsync().ConfigureAwait(false);
        Sessions.Dispose();
        _feed.Dispose();
        _levels.Dispose();
        Metrics.Dispose();
    }
}
