using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.TrafficManager.Agents;

/// <summary>A client's tunnel on its way to an agent, with an agent that does what the test says.</summary>
public class ExtensionTests
{
    [Fact]
    public async Task What_the_agent_and_the_client_send_goes_to_the_other_as_it_is()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, IPEndPoint.Parse("10.96.0.1:80"));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var request = await agent.RequestAsync();
        Assert.Equal(2_000_000_000, request.RoundtripLatency);
        Assert.Equal((long)ManagerFixture.Patience.TotalNanoseconds, request.DialTimeout);
        using var answer = await agent.AnswerAsync(request);
        await answer.ExpectAsync(TunnelMessageCode.StreamOk);
        await answer.SendAsync(TunnelMessageCode.DialOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        var large = new byte[1_000_000];
        Random.Shared.NextBytes(large);
        await tunnel.SendAsync(TunnelMessageCode.Data, large);
        Assert.Equal(large, await answer.ExpectAsync(TunnelMessageCode.Data));
        await answer.SendAsync(TunnelMessageCode.Data);
        Assert.Empty(await tunnel.ExpectAsync(TunnelMessageCode.Data));
        await answer.SendAsync(TunnelMessageCode.KeepAlive);
        await tunnel.ExpectAsync(TunnelMessageCode.KeepAlive);

        // The end of one's request is a CloseSend for the other; the other way stays open.
        tunnel.CompleteRequest();
        await answer.ExpectAsync(TunnelMessageCode.CloseSend);
        await answer.SendAsync(TunnelMessageCode.Data, "down"u8.ToArray());
        Assert.Equal("down"u8.ToArray(), await tunnel.ExpectAsync(TunnelMessageCode.Data));
        answer.CompleteRequest();
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
        Assert.Equal(StatusCode.OK, await answer.EndAsync());
        Assert.False(manager.DialBegan.Task.IsCompleted);
    }

    [Fact]
    public async Task A_rejected_dial_keeps_its_reason()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, IPEndPoint.Parse("10.96.0.1:80"));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        using var answer = await agent.AnswerAsync(await agent.RequestAsync());
        await answer.SendAsync(TunnelMessageCode.DialReject, DialErrno.HostUnreachable);
        Assert.Equal(new[] { DialErrno.HostUnreachable }, await tunnel.ExpectAsync(TunnelMessageCode.DialReject));
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
        Assert.Equal(StatusCode.OK, await answer.EndAsync());
    }

    [Fact]
    public async Task The_agent_of_the_destinations_pod_goes_before_any_other()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var other = await FakeAgent.ArriveAsync(manager, "app-0");
        await using var owner = await FakeAgent.ArriveAsync(manager, "app-1", "10.244.0.10");
        var session = await manager.ArriveAsync("elsewhere");
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, IPEndPoint.Parse("10.244.0.10:80"));
        using var answer = await owner.AnswerAsync(await owner.RequestAsync());
        await answer.SendAsync(TunnelMessageCode.DialOk);
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
    }

    [Theory]
    [InlineData("manager")]
    [InlineData("elsewhere")]
    public async Task Clients_of_other_namespaces_and_of_the_managers_are_dialled_for_here(string ns)
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync(ns);
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
    }

    [Fact]
    public async Task An_agent_that_stops_watching_while_awaited_is_dialled_for_here()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        await FallsBackAsync(
            manager,
            async _ =>
            {
                await agent.RequestAsync();
                agent.StopWatching();
            }
        );
    }

    [Fact]
    public async Task An_agent_that_departs_while_awaited_is_dialled_for_here()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        await FallsBackAsync(
            manager,
            async _ =>
            {
                await agent.RequestAsync();
                await manager.Client.Depart(agent.Session);
            }
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_agent_that_ends_its_answer_before_the_dials_result_is_dialled_for_here(bool completes)
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        await FallsBackAsync(
            manager,
            async tunnel =>
            {
                var answer = await agent.AnswerAsync(await agent.RequestAsync());
                await answer.ExpectAsync(TunnelMessageCode.StreamOk);
                // What the client has sent meanwhile must not be lost on the way that ends.
                await tunnel.SendAsync(TunnelMessageCode.Data, "early"u8.ToArray());
                if (completes)
                    answer.CompleteRequest();
                else
                    answer.Dispose();
            }
        );
    }

    [Fact]
    public async Task An_agent_that_never_answers_is_a_dial_that_timed_out()
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync(time);
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(
            session.SessionId,
            IPEndPoint.Parse("10.96.0.1:80"),
            dialTimeout: TimeSpan.FromSeconds(3)
        );
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var request = await agent.RequestAsync();
        await time.TimerIsSetAsync(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(new[] { DialErrno.TimedOut }, await tunnel.ExpectAsync(TunnelMessageCode.DialReject));
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());

        // The answer that comes too late is nobody's.
        using var late = await agent.AnswerAsync(request);
        await late.SendAsync(TunnelMessageCode.DialOk);
        Assert.Equal(StatusCode.Cancelled, await late.EndAsync());
    }

    [Fact]
    public async Task A_client_that_gave_up_leaves_the_answer_to_nobody()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync();
        var tunnel = await manager.OpenTunnelAsync(session.SessionId, IPEndPoint.Parse("10.96.0.1:80"));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var request = await agent.RequestAsync();
        tunnel.Dispose();
        using var answer = await agent.AnswerAsync(request);
        await answer.SendAsync(TunnelMessageCode.DialOk);
        // Taken by the client that is just going, or refused at once: it ends, either way.
        Assert.Contains(await answer.EndAsync(), new[] { StatusCode.Cancelled, StatusCode.OK });
    }

    [Fact]
    public async Task An_agent_that_answers_too_late_need_not_dial_to_the_end()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync();
        var tunnel = await manager.OpenTunnelAsync(session.SessionId, IPEndPoint.Parse("10.96.0.1:80"));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var request = await agent.RequestAsync();
        tunnel.Dispose();
        // It says nothing: its dial goes on.
        using var answer = await agent.AnswerAsync(request);
        Assert.Contains(await answer.EndAsync(), new[] { StatusCode.Cancelled, StatusCode.OK });
    }

    [Fact]
    public async Task A_client_that_goes_disconnects_the_agent()
    {
        await using var pair = await Pair.StartAsync();
        pair.Client.Dispose();
        await pair.Agent.ExpectAsync(TunnelMessageCode.Disconnect);
        Assert.Equal(StatusCode.OK, await pair.Agent.EndAsync());
    }

    [Fact]
    public async Task An_agent_that_goes_disconnects_the_client()
    {
        await using var pair = await Pair.StartAsync();
        pair.Agent.Dispose();
        await pair.Client.ExpectAsync(TunnelMessageCode.Disconnect);
        Assert.Equal(StatusCode.OK, await pair.Client.EndAsync());
    }

    [Fact]
    public async Task A_Disconnect_reaches_the_other_and_ends_both()
    {
        await using var pair = await Pair.StartAsync();
        await pair.Client.SendAsync(TunnelMessageCode.Disconnect);
        await pair.Agent.ExpectAsync(TunnelMessageCode.Disconnect);
        Assert.Equal(StatusCode.OK, await pair.Agent.EndAsync());
        Assert.Equal(StatusCode.OK, await pair.Client.EndAsync());
    }

    [Fact]
    public async Task An_agent_whose_session_ends_goes_on_carrying_what_it_carries()
    {
        await using var pair = await Pair.StartAsync();
        await pair.Manager.Client.Depart(pair.AgentSession);
        await pair.Client.SendAsync(TunnelMessageCode.Data, 1);
        Assert.Equal([1], await pair.Agent.ExpectAsync(TunnelMessageCode.Data));
    }

    [Fact]
    public async Task A_client_whose_session_ends_ends_its_tunnels()
    {
        await using var pair = await Pair.StartAsync();
        await pair.Manager.Client.Depart(pair.ClientSession);
        Assert.Equal(StatusCode.Cancelled, await pair.Client.EndAsync());
        await pair.Agent.ExpectAsync(TunnelMessageCode.Disconnect);
    }

    [Fact]
    public async Task The_same_ConnID_twice_is_two_tunnels()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync();
        var destination = IPEndPoint.Parse("10.96.0.1:80");
        using var first = await manager.OpenTunnelAsync(session.SessionId, destination);
        await first.ExpectAsync(TunnelMessageCode.StreamOk);
        var request = await agent.RequestAsync();
        using var second = await manager.OpenTunnelAsync(session.SessionId, destination);
        await second.ExpectAsync(TunnelMessageCode.StreamOk);
        Assert.Equal(request.ConnId, (await agent.RequestAsync()).ConnId);
        using var one = await agent.AnswerAsync(request);
        await one.SendAsync(TunnelMessageCode.DialOk);
        await first.ExpectAsync(TunnelMessageCode.DialOk);
        using var two = await agent.AnswerAsync(request);
        await two.SendAsync(TunnelMessageCode.DialReject, DialErrno.ConnectionRefused);
        await second.ExpectAsync(TunnelMessageCode.DialReject);
        await one.SendAsync(TunnelMessageCode.Data, 7);
        Assert.Equal([7], await first.ExpectAsync(TunnelMessageCode.Data));
    }

    [Fact]
    public async Task An_agent_reaches_a_client_through_the_manager()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync("elsewhere");
        using var watch = manager.Client.WatchDial(session);
        await using var requests = watch.ReadAllAsync().GetAsyncEnumerator();
        var next = requests.MoveNextAsync().AsTask();
        await manager.IsWatchedAsync(session);
        var id = new ConnId(IPEndPoint.Parse("10.244.0.5:4711"), IPEndPoint.Parse("127.0.0.1:8080"), ProtocolType.Tcp);
        using var intercepted = await agent.OpenAsync(id);
        await intercepted.ExpectAsync(TunnelMessageCode.StreamOk);
        await intercepted.SendAsync(TunnelMessageCode.Session, System.Text.Encoding.UTF8.GetBytes(session.SessionId));
        Assert.True(await next.WaitAsync(ManagerFixture.Patience));
        Assert.Equal(id.ToByteArray(), requests.Current.ConnId.ToByteArray());

        var info = new StreamInfo(id, session.SessionId, TimeSpan.FromSeconds(2), ManagerFixture.Patience);
        using var answer = await TestTunnel.OpenAsync(manager.Client, info.ToByteArray());
        await answer.ExpectAsync(TunnelMessageCode.StreamOk);
        await answer.SendAsync(TunnelMessageCode.DialOk);
        await intercepted.ExpectAsync(TunnelMessageCode.DialOk);
        await intercepted.SendAsync(TunnelMessageCode.Data, 1, 2, 3);
        Assert.Equal([1, 2, 3], await answer.ExpectAsync(TunnelMessageCode.Data));
        intercepted.CompleteRequest();
        await answer.ExpectAsync(TunnelMessageCode.CloseSend);
        await answer.SendAsync(TunnelMessageCode.Data, 4);
        Assert.Equal([4], await intercepted.ExpectAsync(TunnelMessageCode.Data));
        answer.CompleteRequest();
        Assert.Equal(StatusCode.OK, await intercepted.EndAsync());
        Assert.False(manager.DialBegan.Task.IsCompleted);
    }

    [Fact]
    public async Task A_client_that_does_not_watch_is_Unavailable_to_an_agent()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await FakeAgent.ArriveAsync(manager);
        var session = await manager.ArriveAsync();
        var id = new ConnId(IPEndPoint.Parse("10.244.0.5:4711"), IPEndPoint.Parse("127.0.0.1:8080"), ProtocolType.Tcp);
        using var tunnel = await agent.OpenAsync(id);
        await tunnel.SendAsync(TunnelMessageCode.Session, System.Text.Encoding.UTF8.GetBytes(session.SessionId));
        Assert.Equal(StatusCode.Unavailable, await tunnel.EndAsync());
    }

    private static async Task FallsBackAsync(ManagerFixture manager, Func<TestTunnel, Task> end)
    {
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        Assert.False(manager.DialBegan.Task.IsCompleted);
        await end(tunnel);
        using var peer = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        await tunnel.SendAsync(TunnelMessageCode.Data, "up"u8.ToArray());
        tunnel.CompleteRequest();
        Assert.EndsWith(
            "up",
            await new StreamReader(new NetworkStream(peer)).ReadToEndAsync(),
            StringComparison.Ordinal
        );
    }

    /// <summary>A client's tunnel and the agent's that answered it.</summary>
    private sealed record Pair(
        ManagerFixture Manager,
        SessionInfo ClientSession,
        SessionInfo AgentSession,
        TestTunnel Client,
        TestTunnel Agent
    ) : IAsyncDisposable
    {
        public static async Task<Pair> StartAsync()
        {
            var manager = await ManagerFixture.StartAsync();
            var agent = await FakeAgent.ArriveAsync(manager);
            var session = await manager.ArriveAsync();
            var client = await manager.OpenTunnelAsync(session.SessionId, IPEndPoint.Parse("10.96.0.1:80"));
            await client.ExpectAsync(TunnelMessageCode.StreamOk);
            var answer = await agent.AnswerAsync(await agent.RequestAsync());
            await answer.ExpectAsync(TunnelMessageCode.StreamOk);
            await answer.SendAsync(TunnelMessageCode.DialOk);
            await client.ExpectAsync(TunnelMessageCode.DialOk);
            return new Pair(manager, session, agent.Session, client, answer);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            Agent.Dispose();
            await Manager.DisposeAsync();
        }
    }
}
