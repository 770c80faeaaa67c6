using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Sandbox;
using Telepresence.TrafficManager.Agents;
using Telepresence.TrafficManager.Tunnels;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Sandbox;

/// <summary>A client of a sandbox's manager that takes connections as a workstation does: it dials what it is asked to.</summary>
internal sealed class Workstation : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly DialResponder _responder;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _watching;

    private Workstation(GrpcChannel channel, SessionInfo session, string name)
    {
        _channel = channel;
        Manager = new ManagerClient(channel);
        Session = session;
        Name = name;
        var dialer = new TrafficManager.LoopbackDialer();
        var options = new TrafficAgentOptions
        {
            ConnectManager = _ => throw new InvalidOperationException(),
            Dialer = dialer,
            Workload = "none",
            Namespace = "none",
            PodName = "none",
            PodAddress = IPAddress.Loopback,
        };
        var dialled = new DialledTunnel(
            new DialOptions(dialer, TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), true, TimeProvider.System),
            new TunnelCounters()
        );
        _responder = new DialResponder(Manager, dialled, options);
        _watching = _responder.WatchAsync(session, _stopping.Token);
    }

    public ManagerClient Manager { get; }

    public SessionInfo Session { get; }

    public string Name { get; }

    public static async Task<Workstation> StartAsync(SandboxCluster sandbox, string name = "alice@laptop")
    {
        var end = sandbox.ManagerEndPoint!;
        var channel = new GrpcChannel(async ct =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(end, ct);
            return new NetworkStream(socket, ownsSocket: true);
        });
        var session = await new ManagerClient(channel).ArriveAsClient(
            new ClientInfo
            {
                Name = name,
                InstallId = name,
                Product = "telepresence",
                Version = "v2.25.0",
                Namespace = SandboxCluster.DemoNamespace,
            }
        );
        return new Workstation(channel, session, name);
    }

    /// <summary>As a client fills it in.</summary>
    public InterceptSpec Spec(string workload, string port, int localPort, string? name = null) =>
        new()
        {
            Name = name ?? workload,
            Client = Name,
            Agent = workload,
            Mechanism = "tcp",
            Namespace = SandboxCluster.DemoNamespace,
            PortIdentifier = port,
            TargetHost = "127.0.0.1",
            TargetPort = localPort,
            RoundtripLatency = 4_000_000_000,
            DialTimeout = 3_000_000_000,
        };

    public async Task<PreparedIntercept> PrepareAsync(InterceptSpec spec) =>
        await Manager.PrepareIntercept(new CreateInterceptRequest { Session = Session, InterceptSpec = spec });

    /// <summary>Makes it, and waits until it is decided.</summary>
    public async Task<InterceptInfo> CreateAsync(InterceptSpec spec)
    {
        await Manager.CreateIntercept(new CreateInterceptRequest { Session = Session, InterceptSpec = spec });
        return await UntilAsync(
            spec.Name,
            i => i is { Disposition: not (InterceptDispositionType.Waiting or InterceptDispositionType.Unspecified) }
        );
    }

    public async Task RemoveAsync(string name) =>
        await Manager.RemoveIntercept(new RemoveInterceptRequest2 { Session = Session, Name = name });

    public async Task<InterceptInfo> UntilAsync(string name, Func<InterceptInfo, bool> condition)
    {
        using var patience = new CancellationTokenSource(ManagerFixture.Patience);
        using var watch = Manager.WatchIntercepts(Session, new CallOptions(CancellationToken: patience.Token));
        await foreach (var snapshot in watch.ReadAllAsync(patience.Token))
            if (snapshot.Intercepts.FirstOrDefault(i => i.Spec.Name == name) is { } intercept && condition(intercept))
                return intercept;
        throw new InvalidOperationException("The watch ended.");
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _responder.DisposeAsync();
        _channel.Dispose();
        _stopping.Dispose();
    }
}
