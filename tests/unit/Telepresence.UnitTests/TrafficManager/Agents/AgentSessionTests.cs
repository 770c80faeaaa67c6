using System.Net;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.UnitTests.TrafficManager.Agents;

/// <summary>What the manager tells of agents, and how it forgets them.</summary>
public class AgentSessionTests
{
    [Fact]
    public async Task An_incomplete_agent_is_refused()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await SessionTests.FailsAsync(
            StatusCode.InvalidArgument,
            () => manager.Client.ArriveAsAgent(new AgentInfo()).ResponseAsync
        );
        var without = FakeAgent.Info();
        without.Mechanisms.Clear();
        await SessionTests.FailsAsync(
            StatusCode.InvalidArgument,
            () => manager.Client.ArriveAsAgent(without).ResponseAsync
        );
    }

    [Fact]
    public async Task Pods_with_an_agent_are_told_as_they_come_and_go()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        using var call = manager.Client.WatchAgentPods(session);
        await using var snapshots = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await snapshots.MoveNextAsync());
        Assert.Empty(snapshots.Current.Agents);

        var agent = await manager.Client.ArriveAsAgent(FakeAgent.Info());
        Assert.StartsWith("agent:", agent.SessionId, StringComparison.Ordinal);
        Assert.True(await snapshots.MoveNextAsync());
        var pod = Assert.Single(snapshots.Current.Agents);
        Assert.Equal(("app-0", "default", "app", 9900), (pod.PodName, pod.Namespace, pod.WorkloadName, pod.ApiPort));
        Assert.Equal(IPAddress.Parse("10.244.0.9"), new IPAddress(pod.PodIp.Span));

        // An agent elsewhere concerns nobody here; what is told is told in full each time.
        await manager.Client.ArriveAsAgent(FakeAgent.Info(ns: "elsewhere"));
        Assert.True(await snapshots.MoveNextAsync());
        Assert.Single(snapshots.Current.Agents);
        await manager.Client.Depart(agent);
        Assert.True(await snapshots.MoveNextAsync());
        Assert.Empty(snapshots.Current.Agents);
    }

    [Fact]
    public async Task Namespaces_asked_for_are_told_of()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        await manager.Client.ArriveAsAgent(FakeAgent.Info());
        await manager.Client.ArriveAsAgent(FakeAgent.Info(ns: "elsewhere"));
        var both = new AgentsRequest { Session = session, Namespaces = { "default", "elsewhere" } };
        Assert.Equal(2, (await FirstAsync(manager.Client.WatchAgentsNS(both))).Agents.Count);
        Assert.Single((await FirstAsync(manager.Client.WatchAgents(session))).Agents);
        Assert.Equal(2, (await FirstAsync(manager.Client.WatchAgentPodsInNamespacesDelta(both))).Upserts.Count);
        Assert.Single((await FirstAsync(manager.Client.WatchAgentsDelta(session))).Upserts);
        await SessionTests.FailsAsync(
            StatusCode.NotFound,
            () => FirstAsync(manager.Client.WatchAgents(new SessionInfo { SessionId = "nobody" }))
        );
    }

    [Fact]
    public async Task Deltas_tell_what_changed_and_nothing_else()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        var first = await manager.Client.ArriveAsAgent(FakeAgent.Info("app-0"));
        using var call = manager.Client.WatchAgentPodsDelta(session);
        await using var deltas = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await deltas.MoveNextAsync());
        var key = Assert.Single(deltas.Current.Upserts).Key;
        await manager.Client.ArriveAsAgent(FakeAgent.Info(ns: "elsewhere"));
        await manager.Client.ArriveAsAgent(FakeAgent.Info("app-1"));
        Assert.True(await deltas.MoveNextAsync());
        Assert.Equal("app-1", Assert.Single(deltas.Current.Upserts).Value.PodName);
        Assert.Empty(deltas.Current.Removals);
        await manager.Client.Depart(first);
        Assert.True(await deltas.MoveNextAsync());
        Assert.Equal(key, Assert.Single(deltas.Current.Removals));
        Assert.Empty(deltas.Current.Upserts);
    }

    [Fact]
    public async Task An_agent_without_a_sign_of_life_is_forgotten_and_a_client_is_not()
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync(time);
        var client = await manager.ArriveAsync();
        var agent = await manager.Client.ArriveAsAgent(FakeAgent.Info());
        time.Advance(TimeSpan.FromSeconds(15));
        await manager.Client.Remain(new RemainRequest { Session = agent });
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Single(manager.Server.Sessions.Agents.All);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Empty(manager.Server.Sessions.Agents.All);
        await SessionTests.FailsAsync(
            StatusCode.NotFound,
            () => manager.Client.Remain(new RemainRequest { Session = agent }).ResponseAsync
        );
        await manager.Client.Remain(new RemainRequest { Session = client });
    }

    [Fact]
    public async Task A_pod_has_one_agent()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var first = await manager.Client.ArriveAsAgent(FakeAgent.Info());
        var second = await manager.Client.ArriveAsAgent(FakeAgent.Info());
        Assert.Equal(second.SessionId, Assert.Single(manager.Server.Sessions.Agents.All).Id);
        await SessionTests.FailsAsync(
            StatusCode.NotFound,
            () => manager.Client.Remain(new RemainRequest { Session = first }).ResponseAsync
        );
    }

    [Fact]
    public async Task An_agent_returns_to_a_manager_that_was_restarted_and_to_one_that_was_not()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = new SessionInfo { SessionId = "agent:1" };
        var request = new ReconnectAgentRequest { Session = session, Agent = FakeAgent.Info() };
        await manager.Client.ReconnectAgent(request);
        var restored = Assert.Single(manager.Server.Sessions.Agents.All);
        Assert.Equal("agent:1", restored.Id);
        await manager.Client.ReconnectAgent(request);
        Assert.Same(restored, Assert.Single(manager.Server.Sessions.Agents.All));
        request.Session = await manager.ArriveAsync();
        await SessionTests.FailsAsync(
            StatusCode.InvalidArgument,
            () => manager.Client.ReconnectAgent(request).ResponseAsync
        );
    }

    [Fact]
    public async Task An_agents_session_is_no_clients()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var agent = await manager.Client.ArriveAsAgent(FakeAgent.Info());
        await SessionTests.FailsAsync(
            StatusCode.NotFound,
            () =>
                manager
                    .Client.LookupDNS(
                        new DNSRequest
                        {
                            Session = agent,
                            Name = "a.",
                            Type = 1,
                        }
                    )
                    .ResponseAsync
        );
    }

    [Fact]
    public async Task Metrics_are_taken_and_log_levels_are_silent()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await manager.Client.ReportMetrics(new TunnelMetrics { IngressBytes = 1, EgressBytes = ulong.MaxValue });
        using var levels = manager.Client.WatchLogLevel();
        var next = levels.ReadAllAsync().GetAsyncEnumerator().MoveNextAsync().AsTask();
        await manager.Client.Version();
        Assert.False(next.IsCompleted);
        levels.Dispose();
        await Assert.ThrowsAsync<RpcException>(() => next);
    }

    [Fact]
    public async Task Without_an_injector_only_agents_that_are_there_are_found()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var request = new EnsureAgentRequest { Session = await manager.ArriveAsync(), Name = "app" };
        await SessionTests.FailsAsync(StatusCode.Unavailable, () => manager.Client.EnsureAgent(request).ResponseAsync);
        await manager.Client.ArriveAsAgent(FakeAgent.Info("app-1"));
        await manager.Client.ArriveAsAgent(FakeAgent.Info("app-0"));
        var agents = (await manager.Client.EnsureAgent(request)).Agents;
        Assert.Equal(["app-0", "app-1"], agents.Select(a => a.PodName));
    }

    [Fact]
    public async Task An_agent_that_does_not_arrive_in_time_is_Internal()
    {
        var time = new ManualTimeProvider();
        var workloads = new OneWorkload();
        await using var manager = await ManagerFixture.StartAsync(
            time,
            o => o with { Workloads = workloads, Injection = workloads }
        );
        var request = new EnsureAgentRequest { Session = await manager.ArriveAsync(), Name = "app" };
        var ensuring = manager.Client.EnsureAgent(request).ResponseAsync;
        await workloads.Asked.Task.WaitAsync(ManagerFixture.Patience);
        time.Advance(TimeSpan.FromSeconds(30));
        await SessionTests.FailsAsync(StatusCode.Internal, () => ensuring);
    }

    [Fact]
    public async Task Ensuring_waits_for_the_agent_of_the_right_kind()
    {
        var workloads = new OneWorkload();
        await using var manager = await ManagerFixture.StartAsync(adjust: o =>
            o with
            {
                Workloads = workloads,
                Injection = workloads,
            }
        );
        var request = new EnsureAgentRequest { Session = await manager.ArriveAsync(), Name = "app" };
        var ensuring = manager.Client.EnsureAgent(request).ResponseAsync;
        await workloads.Asked.Task.WaitAsync(ManagerFixture.Patience);
        await manager.Client.ArriveAsAgent(FakeAgent.Info());
        Assert.False(ensuring.IsCompleted);
        var rollout = FakeAgent.Info("rollout-0");
        rollout.Kind = nameof(WorkloadKind.Rollout);
        await manager.Client.ArriveAsAgent(rollout);
        Assert.Equal("rollout-0", Assert.Single((await ensuring).Agents).PodName);
    }

    [Fact]
    public async Task Injection_that_fails_is_Internal_and_says_why()
    {
        var workloads = new OneWorkload { Failure = new InvalidOperationException("injection is disabled") };
        await using var manager = await ManagerFixture.StartAsync(adjust: o =>
            o with
            {
                Workloads = workloads,
                Injection = workloads,
            }
        );
        var request = new EnsureAgentRequest { Session = await manager.ArriveAsync(), Name = "app" };
        var e = await Assert.ThrowsAsync<RpcException>(() => manager.Client.EnsureAgent(request).ResponseAsync);
        Assert.Equal(StatusCode.Internal, e.StatusCode);
        Assert.Contains("injection is disabled", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pods_that_cannot_start_are_told_of_at_once()
    {
        var workloads = new OneWorkload();
        await using var manager = await ManagerFixture.StartAsync(adjust: o =>
            o with
            {
                Workloads = workloads,
                Injection = workloads,
            }
        );
        var request = new EnsureAgentRequest { Session = await manager.ArriveAsync(), Name = "app" };
        workloads.PodFailure.SetResult("app-1: FailedScheduling: no nodes");
        var e = await Assert.ThrowsAsync<RpcException>(() => manager.Client.EnsureAgent(request).ResponseAsync);
        Assert.Equal(StatusCode.Internal, e.StatusCode);
        Assert.Contains("FailedScheduling: no nodes", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workloads_come_first_and_then_what_becomes_of_them()
    {
        var workloads = new OneWorkload();
        await using var manager = await ManagerFixture.StartAsync(adjust: o => o with { Workloads = workloads });
        var session = await manager.ArriveAsync();
        using var call = manager.Client.WatchWorkloads(new WorkloadEventsRequest { SessionInfo = session });
        await using var deltas = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await deltas.MoveNextAsync());
        var added = Assert.Single(deltas.Current.Events);
        Assert.Equal(WorkloadEvent.Types.Type.AddedUnspecified, added.Type);
        Assert.Equal(
            (WorkloadInfo.Types.Kind.Rollout, "app", WorkloadInfo.Types.AgentState.NoAgentUnspecified),
            (added.Workload.Kind, added.Workload.Name, added.Workload.AgentState)
        );
        var rollout = FakeAgent.Info();
        rollout.Kind = nameof(WorkloadKind.Rollout);
        await manager.Client.ArriveAsAgent(rollout);
        Assert.True(await deltas.MoveNextAsync());
        var modified = Assert.Single(deltas.Current.Events);
        Assert.Equal(WorkloadEvent.Types.Type.Modified, modified.Type);
        Assert.Equal(WorkloadInfo.Types.AgentState.Installed, modified.Workload.AgentState);
        workloads.Remove();
        Assert.True(await deltas.MoveNextAsync());
        Assert.Equal(WorkloadEvent.Types.Type.Deleted, Assert.Single(deltas.Current.Events).Type);
    }

    private static async Task<T> FirstAsync<T>(AsyncServerStreamingCall<T> call)
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        using (call)
        await using (var messages = call.ReadAllAsync().GetAsyncEnumerator())
        {
            Assert.True(await messages.MoveNextAsync());
            return messages.Current;
        }
    }

    /// <summary>A cluster with the Rollout <c>app</c> in the namespace <c>default</c>, which gets no agent by itself.</summary>
    private sealed class OneWorkload : IClusterWorkloads, IAgentInjection
    {
        private ClusterWorkload? _workload = new(WorkloadKind.Rollout, "app", "default", "uid");

        public event Action? Changed;

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Failure { get; init; }

        public ValueTask<ClusterWorkload?> FindAsync(string name, string ns, CancellationToken cancellationToken) =>
            new(name == _workload?.Name && ns == _workload.Namespace ? _workload : null);

        public ValueTask<IReadOnlyList<ClusterWorkload>> ListAsync(string ns, CancellationToken cancellationToken) =>
            new(_workload is { } workload ? [workload] : []);

        public ValueTask<WorkloadShape?> DescribeAsync(ClusterWorkload workload, CancellationToken cancellationToken) =>
            new((WorkloadShape?)null);

        public ValueTask EnsureAsync(
            ClusterWorkload workload,
            IReadOnlySet<string> replaced,
            CancellationToken cancellationToken
        )
        {
            Asked.TrySetResult();
            return Failure is { } failure ? throw failure : default;
        }

        public bool IsCurrent(ClusterWorkload workload, string podName) => true;

        public Task<string> FailureAsync(ClusterWorkload workload, CancellationToken cancellationToken) =>
            PodFailure.Task.WaitAsync(cancellationToken);

        public TaskCompletionSource<string> PodFailure { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask RemoveAsync(ClusterWorkload workload, CancellationToken cancellationToken) => default;

        public ValueTask<string?> GetConfigurationAsync(
            ClusterWorkload workload,
            CancellationToken cancellationToken
        ) => new((string?)null);

        public void Remove()
        {
            _workload = null;
            Changed?.Invoke();
        }
    }
}
