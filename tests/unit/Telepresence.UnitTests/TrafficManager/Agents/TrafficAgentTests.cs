using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.TrafficManager.Agents;

/// <summary>Manager, agent and client over real sockets.</summary>
public class TrafficAgentTests
{
    [Fact]
    public async Task A_tunnel_that_is_extended_carries_bytes_and_both_half_closes()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        using var peer = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        Assert.Equal(1, agent.Dials);
        Assert.False(manager.DialBegan.Task.IsCompleted);

        var content = RandomNumberGenerator.GetBytes(3_000_000);
        var stream = new NetworkStream(peer);
        var uploaded = new byte[content.Length];
        var receiving = stream.ReadExactlyAsync(uploaded).AsTask();
        foreach (var chunk in content.Chunk(60_000))
            await tunnel.SendAsync(TunnelMessageCode.Data, chunk);
        tunnel.CompleteRequest();
        await receiving.WaitAsync(ManagerFixture.Patience);
        Assert.Equal(content, uploaded);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));

        // The last bytes and the end come together: none may be lost when the agent's call ends.
        var sending = stream.WriteAsync(content).AsTask();
        Assert.Equal(content, await tunnel.ExpectDataAsync(content.Length));
        await sending;
        peer.Shutdown(SocketShutdown.Send);
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
    }

    [Fact]
    public async Task What_is_sent_right_before_the_end_arrives()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync();
        var content = RandomNumberGenerator.GetBytes(200_000);
        for (var i = 0; i < 20; i++)
        {
            using var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
            tunnel.CompleteRequest();
            using (var peer = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience))
            {
                await new NetworkStream(peer).WriteAsync(content);
                peer.Shutdown(SocketShutdown.Send);
            }
            await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
            await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
            Assert.Equal(content, await tunnel.ExpectDataAsync(content.Length));
            await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
            Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
        }
        Assert.Equal(20, agent.Dials);
    }

    [Fact]
    public async Task A_closed_port_is_rejected_with_its_reason()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.ClosedPort());
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        Assert.Equal(new[] { DialErrno.ConnectionRefused }, await tunnel.ExpectAsync(TunnelMessageCode.DialReject));
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
        Assert.Equal(1, agent.Dials);
    }

    [Fact]
    public async Task Resets_pass_in_both_directions()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync();
        using var up = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        using var reset = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience);
        await up.ExpectAsync(TunnelMessageCode.StreamOk);
        await up.ExpectAsync(TunnelMessageCode.DialOk);
        await up.SendAsync(TunnelMessageCode.Disconnect);
        var e = await Assert.ThrowsAsync<SocketException>(async () => await reset.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);

        using var down = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        var peer = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience);
        await down.ExpectAsync(TunnelMessageCode.StreamOk);
        await down.ExpectAsync(TunnelMessageCode.DialOk);
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        await down.ExpectAsync(TunnelMessageCode.Disconnect);
    }

    [Fact]
    public async Task A_client_that_goes_resets_what_the_agent_dialled()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync();
        var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        using var peer = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience);
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        tunnel.Dispose();
        var e = await Assert.ThrowsAsync<SocketException>(async () => await peer.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public async Task Udp_keeps_datagrams_apart_through_an_agent()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(
            session.SessionId,
            (IPEndPoint)server.LocalEndPoint!,
            ProtocolType.Udp
        );
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        var buffer = new byte[65536];
        foreach (var length in new[] { 1, 0, 1400, 65507 })
        {
            var datagram = RandomNumberGenerator.GetBytes(length);
            await tunnel.SendAsync(TunnelMessageCode.Data, datagram);
            var received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
            Assert.Equal(datagram, buffer.AsSpan(0, received.ReceivedBytes));
            await server.SendToAsync(datagram, received.RemoteEndPoint);
            Assert.Equal(datagram, await tunnel.ExpectAsync(TunnelMessageCode.Data));
        }
        Assert.Equal(1, agent.Dials);
    }

    [Fact]
    public async Task A_client_calls_the_agent_itself()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        Assert.Equal("v2.25.0", (await new AgentClient(agent.Channel).Version()).Version);
        using var listener = TunnelTests.Listener();
        var id = new ConnId(IPEndPoint.Parse("10.0.0.1:1"), TunnelTests.EndPointOf(listener), ProtocolType.Tcp);
        var info = new StreamInfo(id, "whoever", TimeSpan.FromSeconds(2), ManagerFixture.Patience);
        using var tunnel = await TestTunnel.OpenAsync(new AgentClient(agent.Channel).OpenTunnel(), info.ToByteArray());
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        using var peer = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        await tunnel.SendAsync(TunnelMessageCode.Data, "up"u8.ToArray());
        tunnel.CompleteRequest();
        Assert.Equal("up", await new StreamReader(new NetworkStream(peer)).ReadToEndAsync());
    }

    [Fact]
    public async Task What_a_clients_tunnel_carried_is_reported_to_the_manager()
    {
        const int Length = 54_321;
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        using var listener = TunnelTests.Listener();
        var id = new ConnId(IPEndPoint.Parse("10.0.0.1:1"), TunnelTests.EndPointOf(listener), ProtocolType.Tcp);
        var info = new StreamInfo(id, "whoever", TimeSpan.FromSeconds(2), ManagerFixture.Patience);
        using var tunnel = await TestTunnel.OpenAsync(new AgentClient(agent.Channel).OpenTunnel(), info.ToByteArray());
        await tunnel.SendAsync(TunnelMessageCode.Data, new byte[Length]);
        tunnel.CompleteRequest();
        using (var peer = await listener.AcceptAsync().WaitAsync(ManagerFixture.Patience))
            await new NetworkStream(peer).CopyToAsync(Stream.Null);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
        await manager.CarriedAsync(Length);
    }

    [Fact]
    public async Task An_agents_watch_tells_its_client_what_to_dial()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager);
        var request = new DialRequest { DialTimeout = 5 };
        Assert.False(agent.Server.Dials.TrySend("client", request, out _));
        using var watch = agent.Channel.AsyncServerStreamingCall(
            AgentMethods.WatchDial,
            default,
            new SessionInfo { SessionId = "client" }
        );
        await using var requests = watch.ReadAllAsync().GetAsyncEnumerator();
        var next = requests.MoveNextAsync().AsTask();
        using var given = new CancellationTokenSource(ManagerFixture.Patience);
        CancellationToken unwatched;
        while (!agent.Server.Dials.TrySend("client", request, out unwatched))
        {
            given.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        Assert.True(await next.WaitAsync(ManagerFixture.Patience));
        Assert.Equal(request, requests.Current);
        var gone = new TaskCompletionSource();
        await using var registration = unwatched.Register(gone.SetResult);
        watch.Dispose();
        await gone.Task.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task More_dials_than_allowed_at_a_time_wait_for_their_turn()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(manager, o => o with { MaxConcurrentDials = 1 });
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync();
        var stuck = await manager.OpenTunnelAsync(session.SessionId, ManagerFixture.Silent);
        await stuck.ExpectAsync(TunnelMessageCode.StreamOk);
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        Assert.False(listener.Poll(0, SelectMode.SelectRead));
        // The client that gives up ends its dial, which makes room.
        stuck.Dispose();
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        Assert.Equal(2, agent.Dials);
    }

    [Fact]
    public async Task An_agent_that_departs_leaves_the_dial_to_the_manager()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var agent = await AgentFixture.StartAsync(manager);
        await agent.DisposeAsync();
        Assert.Empty(manager.Server.Sessions.Agents.All);
        using var listener = TunnelTests.Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, TunnelTests.EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        Assert.True(manager.DialBegan.Task.IsCompleted);
    }

    [Fact]
    public async Task A_manager_that_forgot_its_agent_gets_it_back_under_the_same_session()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var agent = await AgentFixture.StartAsync(
            manager,
            o => o with { RetryDelay = TimeSpan.FromMilliseconds(1) }
        );
        var first = manager.Server.Sessions.Agents.All.Single();
        Assert.StartsWith("agent:", first.Id, StringComparison.Ordinal);
        await manager.Client.Depart(new SessionInfo { SessionId = first.Id });
        await manager.AgentWatchesAsync();
        var second = manager.Server.Sessions.Agents.All.Single();
        Assert.Equal(first.Id, second.Id);
        Assert.NotSame(first, second);
    }

    [Fact]
    public async Task Signs_of_life_keep_the_agents_session()
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync(time);
        await using var agent = await AgentFixture.StartAsync(
            manager,
            o => o with { TimeProvider = time, Heartbeat = TimeSpan.FromSeconds(7) }
        );
        var session = manager.Server.Sessions.Agents.All.Single();
        for (var i = 0; i < 4; i++)
        {
            await time.TimerIsSetAsync(TimeSpan.FromSeconds(7));
            var seen = session.LastSeen;
            time.Advance(TimeSpan.FromSeconds(7));
            using var given = new CancellationTokenSource(ManagerFixture.Patience);
            while (session.LastSeen == seen)
            {
                given.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
        Assert.Same(session, manager.Server.Sessions.Agents.All.Single());
    }
}
