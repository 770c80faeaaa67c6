using System.Net;
using Google.Protobuf;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Grpc;
using Telepresence.UnitTests.Manager;

namespace Telepresence.UnitTests.Engagements;

/// <summary>What becomes of engagements when pods and managers come and go.</summary>
public sealed class RestorationTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = EngagementFixture.Patience;

    private EngagementFixture _fixture = null!;

    private InterceptingManager Manager => _fixture.Manager;

    public async Task InitializeAsync() => _fixture = await EngagementFixture.StartAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task A_new_session_gets_its_intercepts_back()
    {
        await _fixture.NewActiveAsync(new EngagementRequest { Workload = "web", Mounts = false });
        var connection = await _fixture.ConnectAsync();
        var active = Until(e =>
            e.State == EngagementState.Active && e.Environment["TELEPRESENCE_INTERCEPT_ID"] == "session-2:web"
        );
        _fixture.Set.Follow(connection);
        await active.WaitAsync(Patience);
        Assert.Equal(2, Manager.Created.Count);
        Assert.Equal("session-2:web", Assert.Single(_fixture.Set.Intercepts).Id);
    }

    [Fact]
    public async Task One_that_the_manager_lost_is_asked_for_again_and_a_refusal_ends_it()
    {
        await _fixture.NewActiveAsync(new EngagementRequest { Workload = "web", Mounts = false });
        var again = Until(e => e.State == EngagementState.Active);
        Manager.Forget();
        await again.WaitAsync(Patience);
        Assert.Equal(2, Manager.Created.Count);

        Manager.OnPrepare = _ => new PreparedIntercept
        {
            Error = "conflict with intercept created by client \"bob@pc\"",
        };
        var failed = Until(e => e.State == EngagementState.Failed);
        Manager.Forget();
        Assert.Contains("bob@pc", (await failed.WaitAsync(Patience)).Message, StringComparison.Ordinal);
        Assert.Equal(2, Manager.Created.Count);
        await _fixture.Set.RemoveAsync("web").WaitAsync(Patience);
        Assert.Empty(_fixture.Set.Views());
    }

    [Fact]
    public async Task A_pod_that_is_replaced_is_followed()
    {
        await _fixture.NewActiveAsync(new EngagementRequest { Workload = "web", Mounts = false });
        var info = Assert.Single(_fixture.Set.Intercepts).Clone();
        info.Disposition = InterceptDispositionType.NoAgent;
        info.Message = "no agent";
        var waiting = Until(e => e.State == EngagementState.Waiting);
        Manager.Tell(info.Clone());
        await waiting.WaitAsync(Patience);

        var active = Until(e => e.State == EngagementState.Active);
        Manager.Tell(
            EngagementFixture.Active(
                info,
                i =>
                {
                    i.PodName = "web-2";
                    i.PodIp = "127.0.0.2";
                }
            )
        );
        var view = await active.WaitAsync(Patience);
        Assert.Equal(("web-2", "127.0.0.2"), (view.PodName, view.PodIP));
        Assert.Single(Manager.Created);
    }

    [Fact]
    public async Task An_ingest_has_environment_and_container_and_follows_its_pod()
    {
        Manager.OnEnsure = request =>
        {
            Assert.Equal(("web", "default"), (request.Name, request.Namespace));
            return new AgentInfoSnapshot { Agents = { Agent("web-b", "app", "log"), Agent("web-a", "app", "log") } };
        };
        Manager.TellAgents(Agent("web-a", "app", "log"), Agent("web-b", "app", "log"));
        var engagement = await _fixture.NewAsync(Ingest("app"));
        Assert.Equal(
            ("web/app", EngagementKind.Ingest, "web-a", "app", "of app in web-a"),
            (
                engagement.Name,
                engagement.Kind,
                engagement.PodName,
                engagement.Container,
                engagement.Environment["WHOSE"]
            )
        );
        Assert.Equal("web/app", engagement.Environment["TELEPRESENCE_INTERCEPT_ID"]);
        Assert.Empty(Manager.Created);

        var moved = Until(e => e.State == EngagementState.Active);
        Manager.TellAgents(Agent("web-b", "app", "log"));
        Assert.Equal("web-b", (await moved.WaitAsync(Patience)).PodName);

        Manager.OnEnsure = _ => new AgentInfoSnapshot { Agents = { Agent("web-c", "app") } };
        var ensured = Until(e => e.State == EngagementState.Active);
        Manager.TellAgents();
        Assert.Equal("web-c", (await ensured.WaitAsync(Patience)).PodName);

        await _fixture.Set.RemoveAsync("web/app").WaitAsync(Patience);
        Assert.Empty(Manager.Removed);
    }

    [Theory]
    [InlineData(null, "app, log")]
    [InlineData("db", "no 'db'")]
    public async Task An_ingest_of_a_container_that_is_not_there_names_those_that_are(string? container, string named)
    {
        Manager.OnEnsure = _ => new AgentInfoSnapshot { Agents = { Agent("web-a", "app", "log") } };
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => _fixture.NewAsync(Ingest(container)));
        Assert.Equal(nameof(ErrorId.ContainerNotFound), error.Id);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("app, log", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manager_that_tells_no_containers_is_too_old_for_an_ingest()
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => _fixture.NewAsync(Ingest(null)));
        Assert.Equal(nameof(ErrorId.EngagementUnsupported), error.Id);
    }

    [Fact]
    public async Task An_engaged_agent_is_linked_to_and_its_connections_are_answered_to_itself()
    {
        var dials = System.Threading.Channels.Channel.CreateUnbounded<DialRequest>();
        var answered = new TaskCompletionSource<StreamInfo>(TaskCreationOptions.RunContinuationsAsynchronously);
        var methods = new MethodTable();
        methods.Unary(AgentMethods.Version, (_, _) => ValueTask.FromResult(new VersionInfo2 { Version = "v2.25.0" }));
        methods.ServerStreaming(
            AgentMethods.WatchDial,
            (session, token) =>
            {
                Assert.Equal("session-1", session.SessionId);
                return dials.Reader.ReadAllAsync(token);
            }
        );
        methods.Duplex(
            AgentMethods.Tunnel,
            async call =>
            {
                using var reader = new TunnelReader(call.Context.Request.Body);
                Assert.True(await reader.ReadAsync(call.CancellationToken));
                var body = new byte[reader.Remaining];
                await reader.ReadWholeBodyAsync(body, call.CancellationToken);
                Assert.True(StreamInfo.TryParse(body, out var info));
                answered.SetResult(info!);
            }
        );
        await using var agent = await GrpcListener.StartAsync(methods);
        _fixture.Ways[9900] = agent.ConnectAsync;
        await _fixture.NewActiveAsync(new EngagementRequest { Workload = "web", Mounts = false });
        Manager.TellPods(
            new AgentPodInfo
            {
                PodName = "web-1",
                Namespace = "default",
                PodIp = ByteString.CopyFrom(IPAddress.Loopback.GetAddressBytes()),
                ApiPort = 9900,
                WorkloadName = "web",
                Intercepted = true,
            },
            new AgentPodInfo
            {
                PodName = "other-1",
                Namespace = "default",
                PodIp = ByteString.CopyFrom(127, 0, 0, 2),
                ApiPort = 9901,
                WorkloadName = "other",
            }
        );
        var id = new ConnId(
            IPEndPoint.Parse("10.0.0.1:1"),
            new IPEndPoint(IPAddress.Loopback, 8080),
            System.Net.Sockets.ProtocolType.Tcp
        );
        await dials.Writer.WriteAsync(new DialRequest { ConnId = ByteString.CopyFrom(id.ToByteArray()) });
        Assert.Equal(id, (await answered.Task.WaitAsync(Patience)).ConnId);
        Assert.Equal(1, agent.Connections);
    }

    private static EngagementRequest Ingest(string? container) =>
        new()
        {
            Kind = EngagementKind.Ingest,
            Workload = "web",
            Container = container,
            Mounts = false,
        };

    private static AgentInfo Agent(string pod, params string[] containers)
    {
        var agent = new AgentInfo
        {
            Name = "web",
            Namespace = "default",
            PodName = pod,
            PodIp = "127.0.0.1",
        };
        foreach (var container in containers)
        {
            agent.Containers[container] = new AgentInfo.Types.ContainerInfo
            {
                Environment = { ["WHOSE"] = $"of {container} in {pod}" },
            };
        }
        return agent;
    }

    /// <summary>The first change from now on that fits.</summary>
    private Task<TelepresenceEngagement> Until(Func<TelepresenceEngagement, bool> fits)
    {
        var reached = new TaskCompletionSource<TelepresenceEngagement>(
            TaskCreationOptions.RunContinuationsAsynchronously
        );
        _fixture.Set.Changed += engagement =>
        {
            if (fits(engagement))
                reached.TrySetResult(engagement);
        };
        return reached.Task;
    }
}
