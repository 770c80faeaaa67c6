using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Manager;

public class FlowTunnelTests
{
    private static readonly TimeSpan Patience = ManagerFixture.Patience;

    [Fact]
    public async Task Bytes_arrive_unchanged_in_both_directions()
    {
        const int Length = 3_000_001;
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        var counters = new FlowCounters();
        var flow = new FakeTcpFlow();
        var run = await RunAsync(manager, flow, TunnelTests.EndPointOf(listener), counters);
        using var peer = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
        Assert.Equal("accept", await flow.Answer.WaitAsync(Patience));

        var up = RandomNumberGenerator.GetBytes(Length);
        var down = RandomNumberGenerator.GetBytes(Length);
        var sending = SendAsync(flow, up);
        var answering = Task.Run(async () =>
        {
            await peer.WriteAsync(down);
            peer.Socket.Shutdown(SocketShutdown.Send);
        });
        var receiving = flow.ReceiveAllAsync();
        var arrived = new MemoryStream();
        await peer.CopyToAsync(arrived).WaitAsync(Patience);
        Assert.Equal(up, arrived.ToArray());
        Assert.Equal(down, await receiving.WaitAsync(Patience));
        await Task.WhenAll(sending, answering, run).WaitAsync(Patience);
        Assert.Equal((Length, Length), (counters.BytesSent, counters.BytesReceived));
        Assert.Equal((1, 0), (counters.Opened, counters.Active));
        Assert.False(flow.Aborted.IsCompleted);
    }

    [Fact]
    public async Task The_application_may_finish_first()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        var flow = new FakeTcpFlow();
        var run = await RunAsync(manager, flow, TunnelTests.EndPointOf(listener));
        using var peer = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
        await SendAsync(flow, "question"u8.ToArray());
        Assert.Equal("question", await new StreamReader(peer, leaveOpen: true).ReadToEndAsync().WaitAsync(Patience));
        await peer.WriteAsync("answer"u8.ToArray());
        peer.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer"u8.ToArray(), await flow.ReceiveAllAsync().WaitAsync(Patience));
        await run.WaitAsync(Patience);
        Assert.False(flow.Aborted.IsCompleted);
    }

    [Fact]
    public async Task The_cluster_may_finish_first()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        var flow = new FakeTcpFlow();
        var run = await RunAsync(manager, flow, TunnelTests.EndPointOf(listener));
        using var peer = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
        peer.Socket.Shutdown(SocketShutdown.Send);
        Assert.Empty(await flow.ReceiveAllAsync().WaitAsync(Patience));
        await SendAsync(flow, "late"u8.ToArray());
        Assert.Equal("late", await new StreamReader(peer).ReadToEndAsync().WaitAsync(Patience));
        await run.WaitAsync(Patience);
        Assert.False(flow.Aborted.IsCompleted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_closed_port_is_refused_whatever_the_manager_tells(bool emptyDialReject)
    {
        await using var manager = await ManagerFixture.StartAsync(adjust: options =>
            options with
            {
                EmptyDialReject = emptyDialReject,
            }
        );
        var counters = new FlowCounters();
        var flow = new FakeTcpFlow();
        await (await RunAsync(manager, flow, TunnelTests.ClosedPort(), counters)).WaitAsync(Patience);
        Assert.Equal("refuse", await flow.Answer.WaitAsync(Patience));
        Assert.Equal(1, counters.Refused);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silent_destination_is_unreachable_whatever_the_manager_tells(bool emptyDialReject)
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync(
            time,
            options => options with { EmptyDialReject = emptyDialReject }
        );
        var session = await manager.ArriveAsync();
        var dialer = new TunnelDialer(
            manager.Client.OpenTunnel,
            session.SessionId,
            new TunnelOptions { TimeProvider = time }
        );
        using var tunnel = await dialer.OpenAsync(Id(ManagerFixture.Silent, ProtocolType.Tcp), default);
        await manager.DialBegan.Task.WaitAsync(Patience);
        time.Advance(TimeSpan.FromSeconds(3));
        var result = await tunnel.DialResult.WaitAsync(Patience);
        Assert.Equal(DialOutcome.Unreachable, result.Outcome);
    }

    [Fact]
    public async Task A_reset_by_the_far_side_resets_the_flow()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        var flow = new FakeTcpFlow();
        var run = await RunAsync(manager, flow, TunnelTests.EndPointOf(listener));
        var peer = await listener.AcceptAsync();
        await flow.Answer.WaitAsync(Patience);
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        await flow.Aborted.WaitAsync(Patience);
        await run.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_reset_by_the_application_resets_the_far_side()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        var flow = new FakeTcpFlow();
        var run = await RunAsync(manager, flow, TunnelTests.EndPointOf(listener));
        using var peer = await listener.AcceptAsync();
        await flow.Answer.WaitAsync(Patience);
        flow.ApplicationResets();
        await run.WaitAsync(Patience);
        var e = await Assert.ThrowsAsync<SocketException>(async () =>
            await peer.ReceiveAsync(new byte[1]).WaitAsync(Patience)
        );
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public async Task An_application_that_went_away_ends_the_dial()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var flow = new FakeTcpFlow();
        var run = await RunAsync(manager, flow, ManagerFixture.Silent);
        await manager.DialBegan.Task.WaitAsync(Patience);
        flow.Close();
        await manager.DialGivenUp.Task.WaitAsync(Patience);
        await run.WaitAsync(Patience);
        Assert.False(flow.Answer.IsCompleted);
    }

    [Fact]
    public async Task An_unknown_session_is_unreachable()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var flow = new FakeTcpFlow();
        var dialer = new TunnelDialer(manager.Client.OpenTunnel, "nobody", new TunnelOptions());
        var counters = new FlowCounters();
        await new FlowTunnel(dialer, counters)
            .RunAsync(flow, Id(TunnelTests.ClosedPort(), ProtocolType.Tcp), default)
            .WaitAsync(Patience);
        Assert.Equal("unreachable", await flow.Answer.WaitAsync(Patience));
        Assert.Equal(1, counters.Broken);
    }

    [Fact]
    public async Task A_manager_that_goes_away_resets_the_flow()
    {
        var manager = await ManagerFixture.StartAsync();
        using var listener = TunnelTests.Listener();
        var flow = new FakeTcpFlow();
        var run = await RunAsync(manager, flow, TunnelTests.EndPointOf(listener));
        using var peer = await listener.AcceptAsync();
        await flow.Answer.WaitAsync(Patience);
        await manager.DisposeAsync();
        await flow.Aborted.WaitAsync(Patience);
        await run.WaitAsync(Patience);
    }

    [Fact]
    public async Task Datagrams_go_both_ways_until_the_conversation_is_idle()
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync();
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var session = await manager.ArriveAsync();
        var dialer = new TunnelDialer(
            manager.Client.OpenTunnel,
            session.SessionId,
            new TunnelOptions { TimeProvider = time }
        );
        var flow = new FakeUdpFlow();
        flow.FromApplication.Writer.TryWrite("ping"u8.ToArray());
        var run = new FlowTunnel(dialer, new FlowCounters()).RunAsync(
            flow,
            Id((IPEndPoint)server.LocalEndPoint!, ProtocolType.Udp),
            default
        );
        var buffer = new byte[100];
        var received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
        Assert.Equal("ping"u8, buffer.AsSpan(0, received.ReceivedBytes));
        await server.SendToAsync("pong"u8.ToArray(), received.RemoteEndPoint);
        Assert.Equal("pong"u8.ToArray(), await flow.ToApplication.Reader.ReadAsync());
        Assert.False(flow.Closed.IsCompleted);
        time.Advance(TimeSpan.FromMinutes(1));
        await flow.Closed.WaitAsync(Patience);
        await run.WaitAsync(Patience);
    }

    private static async Task<Task> RunAsync(
        ManagerFixture manager,
        FakeTcpFlow flow,
        IPEndPoint destination,
        FlowCounters? counters = null
    )
    {
        var session = await manager.ArriveAsync();
        var dialer = new TunnelDialer(manager.Client.OpenTunnel, session.SessionId, new TunnelOptions());
        return new FlowTunnel(dialer, counters ?? new FlowCounters()).RunAsync(
            flow,
            Id(destination, ProtocolType.Tcp),
            default
        );
    }

    private static ConnId Id(IPEndPoint destination, ProtocolType protocol) =>
        new(IPEndPoint.Parse("192.0.2.1:40000"), destination, protocol);

    private static async Task SendAsync(FakeTcpFlow flow, byte[] bytes)
    {
        await flow.ApplicationSends.WriteAsync(bytes);
        await flow.ApplicationSends.CompleteAsync();
    }
}
