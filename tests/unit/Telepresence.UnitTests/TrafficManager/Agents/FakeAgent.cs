using System.Net;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.TrafficManager.Agents;

/// <summary>A traffic-agent as the manager sees it, message by message.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly ManagerFixture _manager;
    private readonly AsyncServerStreamingCall<DialRequest> _watch;
    private readonly IAsyncEnumerator<DialRequest> _requests;

    private FakeAgent(ManagerFixture manager, SessionInfo session, AsyncServerStreamingCall<DialRequest> watch)
    {
        _manager = manager;
        _watch = watch;
        _requests = watch.ReadAllAsync().GetAsyncEnumerator();
        Session = session;
    }

    public SessionInfo Session { get; }

    /// <summary>An agent whose watch the manager has seen.</summary>
    public static async Task<FakeAgent> ArriveAsync(
        ManagerFixture manager,
        string pod = "app-0",
        string ip = "10.244.0.9"
    )
    {
        var session = await manager.Client.ArriveAsAgent(Info(pod, ip));
        var watch = manager.Client.WatchDial(session);
        var agent = new FakeAgent(manager, session, watch);
        agent.Next = agent._requests.MoveNextAsync().AsTask();
        await manager.IsWatchedAsync(session);
        return agent;
    }

    public static AgentInfo Info(string pod = "app-0", string ip = "10.244.0.9", string ns = "default") =>
        new()
        {
            Name = "app",
            Kind = "Deployment",
            Namespace = ns,
            PodName = pod,
            PodIp = ip,
            ApiPort = 9900,
            Product = "telepresence",
            Version = "v2.25.0",
            Mechanisms = { new AgentInfo.Types.Mechanism { Name = "tcp" } },
        };

    private Task<bool> Next { get; set; } = Task.FromResult(false);

    public async Task<DialRequest> RequestAsync()
    {
        Assert.True(await Next.WaitAsync(ManagerFixture.Patience));
        var request = _requests.Current;
        Next = _requests.MoveNextAsync().AsTask();
        return request;
    }

    /// <summary>The tunnel that answers, on which StreamInfo was sent.</summary>
    public Task<TestTunnel> AnswerAsync(DialRequest request)
    {
        Assert.True(ConnId.TryParse(request.ConnId.Span, out var id));
        return OpenAsync(id!);
    }

    public Task<TestTunnel> OpenAsync(ConnId id) =>
        TestTunnel.OpenAsync(
            _manager.Client,
            new StreamInfo(id, Session.SessionId, TimeSpan.FromSeconds(2), ManagerFixture.Patience).ToByteArray()
        );

    public void StopWatching() => _watch.Dispose();

    public ValueTask DisposeAsync()
    {
        _watch.Dispose();
        return default;
    }
}
