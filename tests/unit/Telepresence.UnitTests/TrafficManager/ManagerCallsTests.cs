using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.UnitTests.TrafficManager;

/// <summary>The calls of PROTOCOL §1.6 and §1.8 that no other test is about.</summary>
public class ManagerCallsTests
{
    private static readonly ClientInfo Client = new()
    {
        Name = "me@here",
        InstallId = "id",
        Product = "telepresence",
        Version = "v2.25.0",
        Namespace = "default",
    };

    [Fact]
    public async Task A_client_returns_to_a_restarted_manager_under_the_same_session()
    {
        await using var earlier = await ManagerFixture.StartAsync();
        var session = await earlier.ArriveAsync();
        await using var manager = await ManagerFixture.StartAsync();
        var remain = new RemainRequest { Session = session };
        await FailsAsync(StatusCode.NotFound, () => manager.Client.Remain(remain).ResponseAsync);
        var request = new ReconnectClientRequest { Session = session, Client = Client };
        await manager.Client.ReconnectClient(request);
        await manager.Client.Remain(remain);
        // Not a second session of that id: what watches the first goes on.
        using var watch = manager.Client.WatchAgentPods(session);
        await using var pods = watch.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await pods.MoveNextAsync());
        await manager.Client.ReconnectClient(request);
        await manager.Client.ArriveAsAgent(Agent());
        Assert.True(await pods.MoveNextAsync());
        Assert.Single(pods.Current.Agents);
    }

    [Theory]
    [InlineData("agent:8a1dd8a4-6b0f-4c0a-b8a1-3f8e5f6a0001")]
    [InlineData("")]
    [InlineData("me")]
    public async Task An_id_that_is_no_clients_is_refused(string id)
    {
        await using var manager = await ManagerFixture.StartAsync();
        var request = new ReconnectClientRequest
        {
            Session = new SessionInfo { SessionId = id },
            Client = Client,
        };
        await FailsAsync(StatusCode.InvalidArgument, () => manager.Client.ReconnectClient(request).ResponseAsync);
        request.Session.SessionId = Guid.NewGuid().ToString();
        request.Client = new ClientInfo();
        await FailsAsync(StatusCode.InvalidArgument, () => manager.Client.ReconnectClient(request).ResponseAsync);
    }

    [Theory]
    [InlineData("v2.6.0", StatusCode.OK)]
    [InlineData("2.13.3-rc.1", StatusCode.OK)]
    [InlineData("v2.31.0+dirty", StatusCode.OK)]
    [InlineData("v3.0.0", StatusCode.OK)]
    [InlineData("v2.5.9", StatusCode.FailedPrecondition)]
    [InlineData("v1.0.0", StatusCode.FailedPrecondition)]
    [InlineData("latest", StatusCode.InvalidArgument)]
    public async Task Clients_of_2_6_and_later_are_let_in(string version, StatusCode expected)
    {
        await using var manager = await ManagerFixture.StartAsync();
        var client = Client.Clone();
        client.Version = version;
        var status = StatusCode.OK;
        try
        {
            await manager.Client.ArriveAsClient(client);
        }
        catch (RpcException e)
        {
            status = e.StatusCode;
        }
        Assert.Equal(expected, status);
    }

    [Fact]
    public async Task A_log_level_holds_as_long_as_it_was_asked_for_and_agents_are_told()
    {
        var time = new ManualTimeProvider();
        var level = new LogLevelSwitch(LogLevel.Information);
        await using var manager = await ManagerFixture.StartAsync(time, o => o with { LogLevel = level });
        await SetAsync(manager, "debug", TimeSpan.FromMinutes(10));
        Assert.True(level.IsEnabled(LogLevel.Debug));
        time.Advance(TimeSpan.FromMinutes(4));
        using var watch = manager.Client.WatchLogLevel();
        await using var levels = watch.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await levels.MoveNextAsync());
        Assert.Equal(("debug", 360), (levels.Current.LogLevel, levels.Current.Duration.Seconds));
        time.Advance(TimeSpan.FromMinutes(7));
        Assert.False(level.IsEnabled(LogLevel.Debug));
        await SetAsync(manager, "error", TimeSpan.Zero);
        Assert.True(await levels.MoveNextAsync());
        Assert.Equal(("error", null), (levels.Current.LogLevel, levels.Current.Duration));
        time.Advance(TimeSpan.FromDays(2));
        Assert.False(level.IsEnabled(LogLevel.Warning));
        await FailsAsync(StatusCode.InvalidArgument, () => SetAsync(manager, "loud", TimeSpan.Zero));
    }

    [Fact]
    public async Task Intercepts_are_none_and_none_is_found()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        foreach (var who in (SessionInfo[])[session, new SessionInfo()])
        {
            using var call = manager.Channel.AsyncServerStreamingCall(
                ManagerMethods.WatchInterceptsDelta,
                default,
                who
            );
            await using var deltas = call.ReadAllAsync().GetAsyncEnumerator();
            Assert.True(await deltas.MoveNextAsync());
            Assert.Empty(deltas.Current.Upserts);
        }
        var get = new GetInterceptRequest { Session = session, Name = "app" };
        await FailsAsync(StatusCode.NotFound, () => manager.Client.GetIntercept(get).ResponseAsync);
        var remove = new RemoveInterceptRequest2 { Session = session, Name = "app" };
        await FailsAsync(StatusCode.NotFound, () => manager.Client.RemoveIntercept(remove).ResponseAsync);
        var agent = await manager.Client.ArriveAsAgent(Agent());
        var review = new ReviewInterceptRequest { Session = agent, Id = "app" };
        await FailsAsync(StatusCode.NotFound, () => UnaryAsync(manager, ManagerMethods.ReviewIntercept, review));
    }

    [Fact]
    public async Task Session_events_tell_of_agents_pods()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var request = new SessionEventsRequest { Session = await manager.ArriveAsync() };
        using var call = manager.Channel.AsyncServerStreamingCall(ManagerMethods.WatchSessionEvents, default, request);
        await using var events = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.Empty(events.Current.AgentPods.Upserts);
        var agent = await manager.Client.ArriveAsAgent(Agent());
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("pod-1", events.Current.AgentPods.Upserts[agent.SessionId].PodName);
    }

    [Fact]
    public async Task An_agent_is_asked_to_look_up_nothing_until_it_departs()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var agent = await manager.Client.ArriveAsAgent(Agent());
        using var call = manager.Channel.AsyncServerStreamingCall(ManagerMethods.WatchLookupDNS, default, agent);
        await call.ResponseHeadersAsync;
        await using var requests = call.ReadAllAsync().GetAsyncEnumerator();
        var next = requests.MoveNextAsync().AsTask();
        await UnaryAsync(manager, ManagerMethods.AgentLookupDNSResponse, new DNSAgentResponse { Session = agent });
        Assert.False(next.IsCompleted);
        await manager.Client.Depart(agent);
        await FailsAsync(StatusCode.Cancelled, () => next);
    }

    [Fact]
    public async Task The_injector_tells_its_image_and_configurations_and_takes_agents_away()
    {
        var injector = new Injector();
        await using var manager = await ManagerFixture.StartAsync(adjust: o =>
            o with
            {
                Workloads = injector,
                Injection = injector,
                AgentImage = "registry/agent:1",
                AgentApiPort = 9980,
            }
        );
        var session = await manager.ArriveAsync();
        Assert.Equal("registry/agent:1", (await manager.Client.GetAgentImageFQN()).FQN);
        var api = await UnaryAsync(manager, ManagerMethods.GetTelepresenceAPI, new Empty());
        Assert.Equal(9980, api.Port);
        var asked = new AgentConfigRequest { Session = session, Name = "app" };
        Assert.Equal("app", (await manager.Client.GetAgentConfig(asked)).Data.ToStringUtf8());
        asked.Name = "nothing";
        await FailsAsync(StatusCode.NotFound, () => manager.Client.GetAgentConfig(asked).ResponseAsync);
        var some = new UninstallAgentsRequest { SessionInfo = session, Agents = { "other", "elsewhere" } };
        await manager.Client.UninstallAgents(some);
        Assert.Equal(["other"], injector.Removed);
        await manager.Client.UninstallAgents(new UninstallAgentsRequest { SessionInfo = session });
        Assert.Equal(["other", "app", "other"], injector.Removed);
    }

    [Fact]
    public async Task Without_an_injector_its_calls_are_Unavailable()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        var asked = new AgentConfigRequest { Session = session, Name = "app" };
        var uninstall = new UninstallAgentsRequest { SessionInfo = session };
        await FailsAsync(StatusCode.Unavailable, () => manager.Client.GetAgentImageFQN().ResponseAsync);
        await FailsAsync(StatusCode.Unavailable, () => manager.Client.GetAgentConfig(asked).ResponseAsync);
        await FailsAsync(StatusCode.Unavailable, () => manager.Client.UninstallAgents(uninstall).ResponseAsync);
    }

    [Fact]
    public async Task Logs_of_old_are_empty()
    {
        await using var manager = await ManagerFixture.StartAsync();
        Assert.Equal(
            new LogsResponse(),
            await UnaryAsync(manager, ManagerMethods.GetLogs, new GetLogsRequest { TrafficManager = true })
        );
    }

    [Theory]
    [InlineData(true, "good", StatusCode.OK)]
    [InlineData(true, "bad", StatusCode.Unauthenticated)]
    [InlineData(true, null, StatusCode.Unauthenticated)]
    [InlineData(false, "good", StatusCode.OK)]
    [InlineData(false, "bad", StatusCode.OK)]
    [InlineData(false, null, StatusCode.OK)]
    public async Task Tokens_are_checked_where_they_are_required(bool isRequired, string? token, StatusCode expected)
    {
        await using var manager = await ManagerFixture.StartAsync(adjust: o =>
            o with
            {
                Authentication = new ManagerAuthentication((t, _) => new(t == "good"), isRequired),
            }
        );
        var version = await manager.Client.Version();
        Assert.Equal((true, isRequired), (version.AuthSupported, version.AuthRequired));
        var credentials = new Token(token);
        using var channel = new GrpcChannel(manager.ConnectAsync, new GrpcChannelOptions { Credentials = credentials });
        var status = StatusCode.OK;
        try
        {
            await new ManagerClient(channel).ArriveAsClient(Client);
        }
        catch (RpcException e)
        {
            status = e.StatusCode;
        }
        Assert.Equal(expected, status);
        Assert.Equal(expected == StatusCode.Unauthenticated, credentials.IsInvalid);
    }

    [Fact]
    public async Task Credentials_that_fail_end_the_call_with_their_reason()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var channel = new GrpcChannel(
            manager.ConnectAsync,
            new GrpcChannelOptions { Credentials = new Token("!") }
        );
        var e = await Assert.ThrowsAsync<RpcException>(async () => await new ManagerClient(channel).Version());
        Assert.Equal(StatusCode.Unauthenticated, e.StatusCode);
        Assert.IsType<InvalidOperationException>(e.InnerException);
    }

    private static async Task SetAsync(ManagerFixture manager, string level, TimeSpan duration) =>
        await manager.Client.SetLogLevel(
            new LogLevelRequest { LogLevel = level, Duration = Duration.FromTimeSpan(duration) }
        );

    private static async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        ManagerFixture manager,
        Method<TRequest, TResponse> method,
        TRequest request
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        await manager.Channel.AsyncUnaryCall(method, default, request);

    private static async Task FailsAsync(StatusCode expected, Func<Task> call) =>
        Assert.Equal(expected, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);

    private static AgentInfo Agent() =>
        new()
        {
            Name = "app",
            Namespace = "default",
            PodName = "pod-1",
            Product = "telepresence",
            Version = "v2.25.0",
            Mechanisms = { new AgentInfo.Types.Mechanism { Name = "tcp" } },
        };

    /// <param name="value">"!" fails.</param>
    private sealed class Token(string? value) : ICallCredentials
    {
        public bool IsInvalid { get; private set; }

        public ValueTask<Metadata?> GetMetadataAsync(CancellationToken cancellationToken)
        {
            if (value == "!")
                throw new InvalidOperationException("no token today");
            var metadata = new Metadata();
            metadata.Add("authorization", $"Bearer {value}");
            return new(value is null ? null : metadata);
        }

        public void Invalidate() => IsInvalid = true;
    }

    /// <summary>A cluster with the Deployments <c>app</c> and <c>other</c> in the namespace <c>default</c>.</summary>
    private sealed class Injector : IClusterWorkloads, IAgentInjection
    {
        private readonly ClusterWorkload[] _workloads =
        [
            new(WorkloadKind.Deployment, "app", "default", "1"),
            new(WorkloadKind.Deployment, "other", "default", "2"),
        ];

        public event Action? Changed
        {
            add { }
            remove { }
        }

        public List<string> Removed { get; } = [];

        public ValueTask<ClusterWorkload?> FindAsync(string name, string ns, CancellationToken cancellationToken) =>
            new(_workloads.FirstOrDefault(w => w.Name == name && w.Namespace == ns));

        public ValueTask<IReadOnlyList<ClusterWorkload>> ListAsync(string ns, CancellationToken cancellationToken) =>
            new([.. _workloads.Where(w => w.Namespace == ns)]);

        public ValueTask<WorkloadShape?> DescribeAsync(ClusterWorkload workload, CancellationToken cancellationToken) =>
            new((WorkloadShape?)null);

        public ValueTask EnsureAsync(
            ClusterWorkload workload,
            IReadOnlySet<string> replaced,
            CancellationToken cancellationToken
        ) => default;

        public bool IsCurrent(ClusterWorkload workload, string podName) => true;

        public async Task<string> FailureAsync(ClusterWorkload workload, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return "";
        }

        public ValueTask RemoveAsync(ClusterWorkload workload, CancellationToken cancellationToken)
        {
            Removed.Add(workload.Name);
            return default;
        }

        public ValueTask<string?> GetConfigurationAsync(
            ClusterWorkload workload,
            CancellationToken cancellationToken
        ) => new(workload.Name);
    }
}
