using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Engagements;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Vnat;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Engagements;

/// <summary>A session's engagements against a manager of the test's own.</summary>
internal sealed class EngagementFixture : IAsyncDisposable
{
    public static readonly TimeSpan Patience = ManagerFixture.Patience;

    private readonly List<ManagerConnection> _connections = [];
    private int _source = 40000;

    public required InterceptingManager Manager { get; set; }

    public required EngagementSet Set { get; init; }

    public Dictionary<int, Func<CancellationToken, ValueTask<Stream>>> Ways { get; } = [];

    public bool MayLink { get; set; } = true;

    public static async Task<EngagementFixture> StartAsync(
        IVolumeMounter? volumes = null,
        TimeSpan? activeTimeout = null,
        string[]? translated = null
    )
    {
        EngagementFixture fixture = null!;
        var context = new EngagementContext
        {
            Session = "demo",
            Namespace = "default",
            ManagerNamespace = "ambassador",
            Client = "me@here",
            Connection = () => fixture._connections[^1],
            OpenPod = (pod, token) => fixture.Ways[pod.Port](token),
            MayLink = _ => Task.FromResult(fixture.MayLink),
            Translation = new TranslationTable(
                [new VirtualSubnet(IPNetwork.Parse("246.0.0.0/16"))],
                (translated ?? []).Select(IPNetwork.Parse)
            ),
            Volumes = volumes ?? new UnsupportedMounter("nothing"),
            ActiveTimeout = activeTimeout ?? TimeSpan.FromSeconds(30),
            Loggers = NullLoggerFactory.Instance,
        };
        fixture = new EngagementFixture
        {
            Manager = await InterceptingManager.StartAsync(),
            Set = new EngagementSet(context),
        };
        await fixture.ConnectAsync();
        return fixture;
    }

    /// <summary>A new session with the manager, as after a loss.</summary>
    public async Task<ManagerConnection> ConnectAsync()
    {
        var connection = await ManagerConnection.OpenAsync(
            token => Manager.Listener.ConnectAsync(token),
            new ManagerConnectionOptions
            {
                Name = "me@here",
                InstallId = "id",
                Namespace = "default",
                ManagerNamespace = "ambassador",
                Intercepts = () => Set.Intercepts,
            },
            default
        );
        _connections.Add(connection);
        return connection;
    }

    public Task<TelepresenceEngagement> NewAsync(
        EngagementRequest request,
        CancellationToken cancellationToken = default
    ) => Set.NewAsync(request, new Progress<string>(), cancellationToken).WaitAsync(Patience, CancellationToken.None);

    /// <summary>An active one; its pod is this machine.</summary>
    public Task<TelepresenceEngagement> NewActiveAsync(EngagementRequest request, Action<InterceptInfo>? with = null)
    {
        Manager.OnCreate = info => Manager.Tell(Active(info, with));
        return NewAsync(request);
    }

    public static InterceptInfo Active(InterceptInfo info, Action<InterceptInfo>? with = null)
    {
        var active = info.Clone();
        active.Disposition = InterceptDispositionType.Active;
        active.Message = "";
        active.PodIp = "127.0.0.1";
        active.PodName = "web-1";
        with?.Invoke(active);
        return active;
    }

    /// <summary>A connection that comes in at the agent for that port of this machine.</summary>
    public Task<IncomingTunnel> IncomingAsync(int port, ProtocolType protocol = ProtocolType.Tcp) =>
        Manager
            .DialAsync(
                new ConnId(
                    new IPEndPoint(IPAddress.Parse("10.1.2.3"), Interlocked.Increment(ref _source)),
                    new IPEndPoint(IPAddress.Loopback, port),
                    protocol
                )
            )
            .WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        await Set.DisposeAsync();
        foreach (var connection in _connections)
            await connection.DisposeAsync();
        await Manager.DisposeAsync();
    }
}
