using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Agents;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.UnitTests.TrafficManager.Agents;

/// <summary>A real traffic-agent of the workload <c>app</c> in the namespace <c>default</c>, beside a manager; its pod's network is loopback.</summary>
internal sealed class AgentFixture : IClusterDialer, IAsyncDisposable
{
    private readonly ManagerFixture _manager;
    private int _dials;

    private AgentFixture(ManagerFixture manager) => _manager = manager;

    public TrafficAgentServer Server { get; private set; } = null!;

    public GrpcChannel Channel { get; private set; } = null!;

    public int Dials => Volatile.Read(ref _dials);

    /// <summary>Not before the manager may send it dial requests.</summary>
    public static async Task<AgentFixture> StartAsync(
        ManagerFixture manager,
        Func<TrafficAgentOptions, TrafficAgentOptions>? adjust = null
    )
    {
        var fixture = new AgentFixture(manager);
        var options = new TrafficAgentOptions
        {
            ConnectManager = manager.ConnectAsync,
            Dialer = fixture,
            Workload = "app",
            Kind = WorkloadKind.Deployment,
            Namespace = "default",
            PodName = "app-0",
            PodAddress = IPAddress.Parse("10.244.0.9"),
        };
        fixture.Server = await TrafficAgentServer.StartAsync(adjust?.Invoke(options) ?? options);
        fixture.Channel = new GrpcChannel(async ct =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(fixture.Server.EndPoint, ct);
            return new NetworkStream(socket, ownsSocket: true);
        });
        await fixture.Server.Arrived.WaitAsync(ManagerFixture.Patience);
        await manager.AgentWatchesAsync();
        return fixture;
    }

    public ValueTask<Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _dials);
        return _manager.DialAsync(destination, cancellationToken);
    }

    public ValueTask<Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _dials);
        return _manager.DialUdpAsync(destination, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await Server.DisposeAsync();
    }
}
