using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.UnitTests.TrafficManager;

/// <summary>A traffic-manager on loopback, whose cluster is this machine's loopback, and a client's channel to it.</summary>
internal sealed class ManagerFixture : IClusterDialer, IClusterDns, IClusterState, IAsyncDisposable
{
    /// <summary>Generous: only a test that fails ever waits that long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Dialling it never ends by itself.</summary>
    public static readonly IPEndPoint Silent = new(IPAddress.Loopback, 1);

    private ClusterFacts _facts = new()
    {
        InstallId = "install",
        ManagerNamespace = "manager",
        ServiceSubnets = [IPNetwork.Parse("10.96.0.0/16"), IPNetwork.Parse("fd00::/112")],
        PodSubnets = [IPNetwork.Parse("10.244.0.0/16")],
        ManagerPodAddress = IPAddress.Parse("10.244.0.7"),
        ClientConfiguration = "dns: {}\n",
        AlsoProxy = [IPNetwork.Parse("10.1.0.0/24")],
    };

    private ManagerFixture() { }

    public TrafficManagerServer Server { get; private set; } = null!;

    public GrpcChannel Channel { get; private set; } = null!;

    public ManagerClient Client { get; private set; } = null!;

    public Dictionary<(string Name, ushort Type), ClusterDnsAnswer> Names { get; } = [];

    public List<string> Asked { get; } = [];

    public TaskCompletionSource DialBegan { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource DialGivenUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public event Action? Changed;

    public ClusterFacts Current
    {
        get => _facts;
        set
        {
            _facts = value;
            Changed?.Invoke();
        }
    }

    public static async Task<ManagerFixture> StartAsync(
        TimeProvider? time = null,
        Func<TrafficManagerOptions, TrafficManagerOptions>? adjust = null
    )
    {
        var fixture = new ManagerFixture();
        var options = new TrafficManagerOptions
        {
            Dialer = fixture,
            Dns = fixture,
            State = fixture,
            TimeProvider = time ?? TimeProvider.System,
        };
        fixture.Server = await TrafficManagerServer.StartAsync(adjust?.Invoke(options) ?? options);
        fixture.Channel = new GrpcChannel(fixture.ConnectAsync);
        fixture.Client = new ManagerClient(fixture.Channel);
        return fixture;
    }

    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Server.EndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async Task<SessionInfo> ArriveAsync(string clientNamespace = "default") =>
        await Client.ArriveAsClient(
            new ClientInfo
            {
                Name = "me@here",
                InstallId = "id",
                Product = "telepresence",
                Version = "v2.25.0",
                Namespace = clientNamespace,
            }
        );

    /// <summary>A tunnel on which StreamInfo was sent.</summary>
    public async Task<TestTunnel> OpenTunnelAsync(
        string session,
        IPEndPoint destination,
        ProtocolType protocol = ProtocolType.Tcp,
        TimeSpan? dialTimeout = null
    )
    {
        var id = new ConnId(IPEndPoint.Parse("10.0.0.1:1024"), destination, protocol);
        var info = new StreamInfo(id, session, TimeSpan.FromSeconds(2), dialTimeout ?? Patience);
        return await TestTunnel.OpenAsync(Client, info.ToByteArray());
    }

    public async ValueTask<Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        DialBegan.TrySetResult();
        return await DialAsync(destination, cancellationToken);
    }

    /// <summary>As the manager's dialler does, without a trace.</summary>
    public async ValueTask<Socket> DialAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        if (destination.Equals(Silent))
        {
            using var registration = cancellationToken.Register(() => DialGivenUp.TrySetResult());
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        var socket = new Socket(destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(destination, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        var socket = new Socket(destination.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(destination, cancellationToken);
        return socket;
    }

    /// <summary>Waits until an agent watches for dial requests.</summary>
    public Task AgentWatchesAsync() => UntilAsync(() => Server.Sessions.Agents.All.Any(agent => agent.Dials.IsWatched));

    /// <summary>Waits until that session's peer watches for dial requests.</summary>
    public Task IsWatchedAsync(SessionInfo session) =>
        UntilAsync(() => Server.Sessions.Get(session.SessionId).Dials.IsWatched);

    /// <summary>Waits until the manager has counted that many bytes from clients.</summary>
    public Task CarriedAsync(long bytes) => UntilAsync(() => Server.Metrics.Tunnels.ToCluster == bytes);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var given = new CancellationTokenSource(Patience);
        while (!condition())
        {
            given.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public ValueTask<ClusterDnsAnswer> ResolveAsync(
        string name,
        ushort type,
        string clientNamespace,
        CancellationToken cancellationToken
    )
    {
        lock (Asked)
            Asked.Add(name);
        return new(Names.GetValueOrDefault((name, type)) ?? new ClusterDnsAnswer(3, []));
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await Server.DisposeAsync();
    }
}
