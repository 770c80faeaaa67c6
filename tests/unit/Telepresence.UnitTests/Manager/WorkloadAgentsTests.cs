using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Manager;

public sealed class WorkloadAgentsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = ManagerFixture.Patience;
    private static readonly IPEndPoint Destination = IPEndPoint.Parse("127.0.0.6:15000");

    private readonly Stack<IAsyncDisposable> _owned = new();
    private readonly Dictionary<string, Func<CancellationToken, ValueTask<Stream>>> _ways = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        while (_owned.TryPop(out var owned))
            await owned.DisposeAsync();
    }

    [Fact]
    public async Task A_tunnel_leaves_through_the_workloads_own_agent_under_the_clients_session()
    {
        var manager = Own(await FakeManager.StartAsync());
        var (web, echo) = (await AgentAsync("web-1", "web"), await AgentAsync("echo-1", "echo"));
        manager.OnEnsure = (_, _) =>
        {
            manager.List(web.Info, echo.Info);
            return Task.CompletedTask;
        };
        var agents = await EnsureAsync(manager, "web", "echo");

        Assert.Equal(["default/echo", "default/web"], Ensured(manager).Order());
        Assert.Equal("web-1", await CallAsync(agents, "web"));
        Assert.Equal("echo-1", await CallAsync(agents, "echo"));
        var tunnel = Assert.Single(web.Tunnels);
        Assert.Equal((Destination, "session-1"), (tunnel.ConnId.Destination, tunnel.SessionId));
        Assert.Equal(1, web.Greetings);
        Assert.Null(agents.DialerFor("other"));
    }

    [Fact]
    public async Task Datagrams_leave_through_it_too()
    {
        var manager = Own(await FakeManager.StartAsync());
        var web = await AgentAsync("web-1", "web");
        manager.List(web.Info);
        var agents = await EnsureAsync(manager, "web");
        var flow = new FakeUdpFlow();
        using var dialer = agents.DialerFor("web")!;
        var run = new FlowTunnel(dialer, new FlowCounters()).RunAsync(
            flow,
            new ConnId(flow.Endpoints.Source, IPEndPoint.Parse("[fd00::7]:53"), ProtocolType.Udp),
            default
        );
        flow.FromApplication.Writer.TryWrite("ping"u8.ToArray());
        Assert.Equal("web-1"u8.ToArray(), await flow.ToApplication.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        Assert.Equal("ping"u8.ToArray(), await flow.ToApplication.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        flow.FromApplication.Writer.Complete();
        await run.WaitAsync(Patience);
        Assert.Equal(ProtocolType.Udp, Assert.Single(web.Tunnels).ConnId.Protocol);
    }

    [Theory]
    [InlineData("no way to the pod")]
    [InlineData("the agent refuses")]
    public async Task Another_pod_takes_over_when_one_fails(string failure)
    {
        var manager = Own(await FakeManager.StartAsync());
        var (first, second) = (await AgentAsync("web-1", "web"), await AgentAsync("web-2", "web"));
        if (failure == "the agent refuses")
            first.Refusal = new RpcException(StatusCode.Unavailable, "going away");
        else
            _ways["web-1"] = _ => throw new IOException(failure);
        manager.List(first.Info, second.Info);
        var agents = await EnsureAsync(manager, "web");

        Assert.Equal("web-2", await CallAsync(agents, "web"));
        // What failed is not tried again first.
        var connections = first.Listener.Connections;
        Assert.Equal("web-2", await CallAsync(agents, "web"));
        Assert.Equal(connections, first.Listener.Connections);
    }

    [Fact]
    public async Task A_flow_whose_agents_all_fail_is_unreachable_and_the_next_one_tries_again()
    {
        var manager = Own(await FakeManager.StartAsync());
        var web = await AgentAsync("web-1", "web");
        var way = _ways["web-1"];
        _ways["web-1"] = _ => throw new IOException("no way");
        manager.List(web.Info);
        var agents = await EnsureAsync(manager, "web");
        var flow = new FakeTcpFlow();
        using (var dialer = agents.DialerFor("web")!)
            await RunAsync(dialer, flow).WaitAsync(Patience);
        Assert.Equal("unreachable", await flow.Answer);

        _ways["web-1"] = way;
        Assert.Equal("web-1", await CallAsync(agents, "web"));
    }

    [Fact]
    public async Task A_link_that_broke_is_made_again()
    {
        var manager = Own(await FakeManager.StartAsync());
        var web = await AgentAsync("web-1", "web");
        manager.List(web.Info);
        var agents = await EnsureAsync(manager, "web");
        Assert.Equal("web-1", await CallAsync(agents, "web"));
        await web.Listener.Last!.DisposeAsync();
        Assert.Equal("web-1", await CallAsync(agents, "web"));
        Assert.Equal(2, web.Listener.Connections);
    }

    [Fact]
    public async Task A_link_without_tunnels_is_closed_after_a_while_and_made_again()
    {
        var manager = Own(await FakeManager.StartAsync());
        var web = await AgentAsync("web-1", "web");
        manager.List(web.Info);
        var time = new ManualTimeProvider();
        var options = Options("web") with { Tunnels = new TunnelOptions { TimeProvider = time } };
        var link = new AgentLink(AgentPod.From(web.Info)!, OpenAsync, options);
        using (link)
        {
            await link.AcquireAsync(default);
            await link.AcquireAsync(default);
            link.Release();
            time.Advance(options.IdleTimeout * 2);
            Assert.True(link.IsOpen);
            link.Release();
            time.Advance(options.IdleTimeout - TimeSpan.FromSeconds(1));
            Assert.True(link.IsOpen);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.False(link.IsOpen);
            Assert.Equal(1, web.Listener.Connections);
            await link.AcquireAsync(default);
            Assert.Equal(2, web.Listener.Connections);
        }
        Assert.False(link.IsOpen);
        await Assert.ThrowsAsync<RpcException>(() => link.AcquireAsync(default).AsTask());
    }

    [Fact]
    public async Task An_agent_that_says_nothing_is_given_up_in_time()
    {
        using var silent = TunnelTests.Listener();
        var time = new ManualTimeProvider();
        _ways["web-1"] = async token =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(TunnelTests.EndPointOf(silent), token);
            return new NetworkStream(socket, ownsSocket: true);
        };
        var options = Options("web") with { Tunnels = new TunnelOptions { TimeProvider = time } };
        using var link = new AgentLink(new AgentPod("default", "web-1", "", 1, "web"), OpenAsync, options);
        var acquiring = link.AcquireAsync(default).AsTask();
        await time.TimerIsSetAsync(options.ConnectTimeout);
        time.Advance(options.ConnectTimeout);
        await Assert.ThrowsAsync<RpcException>(() => acquiring.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_pod_that_left_gets_no_new_flows_but_keeps_those_it_has()
    {
        var manager = Own(await FakeManager.StartAsync());
        var web = await AgentAsync("web-1", "web");
        manager.List(web.Info);
        var agents = await EnsureAsync(manager, "web");
        var flow = new FakeTcpFlow();
        using var dialer = agents.DialerFor("web")!;
        var run = RunAsync(dialer, flow);
        Assert.Equal("accept", await flow.Answer.WaitAsync(Patience));

        manager.List();
        await UntilAsync(() => agents.DialerFor("web") is null);
        await flow.ApplicationSends.WriteAsync("on"u8.ToArray());
        await flow.ApplicationSends.CompleteAsync();
        Assert.Equal("web-1on", Encoding.ASCII.GetString(await flow.ReceiveAllAsync().WaitAsync(Patience)));
        await run.WaitAsync(Patience);

        var other = await AgentAsync("web-2", "web");
        manager.List(other.Info);
        await UntilAsync(() => agents.DialerFor("web") is not null);
        Assert.Equal("web-2", await CallAsync(agents, "web"));
    }

    [Fact]
    public async Task A_new_session_is_followed_and_its_manager_asked_again()
    {
        var manager = Own(await FakeManager.StartAsync());
        var web = await AgentAsync("web-1", "web");
        manager.List(web.Info);
        var agents = Own(Agents(Options("web")));
        await using (var connection = await OpenAsync(manager))
            await agents.EnsureAsync(connection, default).WaitAsync(Patience);
        agents.Follow(await ConnectAsync(manager));
        var other = await AgentAsync("web-2", "web");
        manager.List(other.Info);
        await UntilAsync(() => manager.Ensured.Count == 2);
        await UntilAsync(() => CallAsync(agents, "web").Result == "web-2");
        Assert.All(other.Tunnels, tunnel => Assert.Equal("session-2", tunnel.SessionId));
    }

    [Theory]
    [InlineData(StatusCode.NotFound, "workload \"web.default\" not found", ErrorId.WorkloadNotFound)]
    [InlineData(StatusCode.NotFound, "There is no Deployment or Rollout web.default", ErrorId.WorkloadNotFound)]
    [InlineData(StatusCode.NotFound, "Client session \"7\" not found", ErrorId.AgentNotArrived)]
    [InlineData(StatusCode.Unknown, "deployments.apps \"web\" not found", ErrorId.WorkloadNotFound)]
    [InlineData(StatusCode.Internal, "no agent became active: ImagePullBackOff", ErrorId.AgentNotArrived)]
    [InlineData(StatusCode.DeadlineExceeded, "request timed out", ErrorId.AgentNotArrived)]
    [InlineData(StatusCode.Unimplemented, "", ErrorId.AgentLinksUnavailable)]
    public async Task A_manager_that_refuses_is_told_in_its_words(StatusCode code, string detail, ErrorId expected)
    {
        var manager = Own(await FakeManager.StartAsync());
        // The other workload's wait must not hide it.
        manager.OnEnsure = (request, token) =>
            request.Name == "web" ? throw new RpcException(code, detail) : Task.Delay(Timeout.Infinite, token);
        var error = await FailsAsync(manager, expected, "echo", "web");
        if (expected == ErrorId.AgentNotArrived)
            Assert.Contains(detail, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manager_that_does_not_list_agent_pods_cannot_do_it()
    {
        var manager = Own(await FakeManager.StartAsync(listsPods: false));
        await FailsAsync(manager, ErrorId.AgentLinksUnavailable, "web");
    }

    [Fact]
    public async Task Nor_can_one_that_does_not_name_the_pods()
    {
        var manager = Own(await FakeManager.StartAsync());
        manager.List(new AgentPodInfo { Namespace = "default", WorkloadName = "web" });
        await FailsAsync(manager, ErrorId.AgentLinksUnavailable, "web");
    }

    [Fact]
    public async Task An_agent_that_does_not_come_is_waited_for_until_the_time_is_over()
    {
        var manager = Own(await FakeManager.StartAsync());
        manager.List(
            new AgentPodInfo
            {
                Namespace = "elsewhere",
                PodName = "web-1",
                ApiPort = 1,
                WorkloadName = "web",
            }
        );
        var time = new ManualTimeProvider();
        await using var agents = Agents(Options("web") with { Tunnels = new TunnelOptions { TimeProvider = time } });
        var ensuring = agents.EnsureAsync(await ConnectAsync(manager), default);
        await time.TimerIsSetAsync(TimeSpan.FromSeconds(32));
        await UntilAsync(() => !manager.Ensured.IsEmpty);
        time.Advance(TimeSpan.FromSeconds(32));
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => ensuring.WaitAsync(Patience));
        Assert.True(error.Is(ErrorId.AgentNotArrived), error.Message);
        Assert.Contains("within 32 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_ends_when_the_user_gives_up()
    {
        var manager = Own(await FakeManager.StartAsync());
        await using var agents = Agents(Options("web"));
        using var given = new CancellationTokenSource();
        var ensuring = agents.EnsureAsync(await ConnectAsync(manager), given.Token);
        await UntilAsync(() => !manager.Ensured.IsEmpty);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ensuring.WaitAsync(Patience));
    }

    private static IEnumerable<string> Ensured(FakeManager manager) =>
        manager.Ensured.Select(request => $"{request.Namespace}/{request.Name}");

    private static AgentOptions Options(params string[] workloads) =>
        new() { Namespace = "default", Workloads = workloads };

    private static async Task UntilAsync(Func<bool> isTrue)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!isTrue())
            await Task.Delay(5, limit.Token);
    }

    private static Task RunAsync(AgentDialer dialer, FakeTcpFlow flow) =>
        new FlowTunnel(dialer, new FlowCounters()).RunAsync(
            flow,
            new ConnId(flow.Endpoints.Source, Destination, ProtocolType.Tcp),
            default
        );

    /// <summary>Which pod answers a new connection.</summary>
    private static async Task<string> CallAsync(WorkloadAgents agents, string workload)
    {
        var flow = new FakeTcpFlow();
        using var dialer = agents.DialerFor(workload)!;
        var run = RunAsync(dialer, flow);
        Assert.Equal("accept", await flow.Answer.WaitAsync(Patience));
        await flow.ApplicationSends.CompleteAsync();
        var pod = Encoding.ASCII.GetString(await flow.ReceiveAllAsync().WaitAsync(Patience));
        await run.WaitAsync(Patience);
        return pod;
    }

    private async Task<TelepresenceException> FailsAsync(
        FakeManager manager,
        ErrorId expected,
        params string[] workloads
    )
    {
        await using var agents = Agents(Options(workloads));
        var connection = await ConnectAsync(manager);
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            agents.EnsureAsync(connection, default).WaitAsync(Patience)
        );
        Assert.True(error.Is(expected), error.Message);
        return error;
    }

    private async Task<WorkloadAgents> EnsureAsync(FakeManager manager, params string[] workloads)
    {
        var agents = Own(Agents(Options(workloads)));
        await agents.EnsureAsync(await ConnectAsync(manager), default).WaitAsync(Patience);
        return agents;
    }

    private WorkloadAgents Agents(AgentOptions options) => new(options, OpenAsync, NullLogger<WorkloadAgents>.Instance);

    private ValueTask<Stream> OpenAsync(AgentPod pod, CancellationToken cancellationToken) =>
        _ways[pod.Name](cancellationToken);

    private async Task<ManagerConnection> ConnectAsync(FakeManager manager) => Own(await OpenAsync(manager));

    private static Task<ManagerConnection> OpenAsync(FakeManager manager) =>
        ManagerConnection.OpenAsync(
            manager.Listener.ConnectAsync,
            new ManagerConnectionOptions
            {
                Name = "me@here",
                InstallId = "id",
                Namespace = "default",
                ManagerNamespace = "manager",
            },
            default
        );

    private async Task<FakeAgent> AgentAsync(string pod, string workload)
    {
        var agent = Own(await FakeAgent.StartAsync(pod, workload));
        _ways[pod] = agent.Listener.ConnectAsync;
        return agent;
    }

    private T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Push(owned);
        return owned;
    }
}
