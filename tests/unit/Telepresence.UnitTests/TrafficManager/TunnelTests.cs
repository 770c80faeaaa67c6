using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.TrafficManager;

public class TunnelTests
{
    [Fact]
    public async Task Tcp_carries_bytes_and_both_half_closes()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, EndPointOf(listener));
        Assert.Equal(new byte[] { 2 }, await tunnel.ExpectAsync(TunnelMessageCode.StreamOk));
        using var peer = await listener.AcceptAsync();
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);

        await tunnel.SendAsync(TunnelMessageCode.Data, "up"u8.ToArray());
        tunnel.CompleteRequest();
        var stream = new NetworkStream(peer);
        Assert.Equal("up", await new StreamReader(stream).ReadToEndAsync());

        // The application has finished sending, the cluster has not.
        await stream.WriteAsync("down"u8.ToArray());
        Assert.Equal("down"u8.ToArray(), await tunnel.ExpectDataAsync(4));
        peer.Shutdown(SocketShutdown.Send);
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
    }

    [Fact]
    public async Task The_cluster_may_finish_first()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        using var peer = await listener.AcceptAsync();
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        var stream = new NetworkStream(peer);
        peer.Shutdown(SocketShutdown.Send);
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        await tunnel.SendAsync(TunnelMessageCode.Data, "late"u8.ToArray());
        tunnel.CompleteRequest();
        Assert.Equal("late", await new StreamReader(stream).ReadToEndAsync());
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_closed_port_is_rejected(bool emptyDialReject)
    {
        await using var manager = await ManagerFixture.StartAsync(adjust: options =>
            options with
            {
                EmptyDialReject = emptyDialReject,
            }
        );
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, ClosedPort());
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var reason = await tunnel.ExpectAsync(TunnelMessageCode.DialReject);
        Assert.Equal(emptyDialReject ? [] : [DialErrno.ConnectionRefused], reason);
        await tunnel.ExpectAsync(TunnelMessageCode.CloseSend);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
    }

    [Fact]
    public async Task A_silent_destination_is_rejected_when_the_dial_timeout_is_over()
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync(time);
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(
            session.SessionId,
            ManagerFixture.Silent,
            dialTimeout: TimeSpan.FromSeconds(3)
        );
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await manager.DialBegan.Task.WaitAsync(ManagerFixture.Patience);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(new[] { DialErrno.TimedOut }, await tunnel.ExpectAsync(TunnelMessageCode.DialReject));
    }

    [Fact]
    public async Task A_client_that_gives_up_ends_the_dial()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var session = await manager.ArriveAsync();
        var tunnel = await manager.OpenTunnelAsync(session.SessionId, ManagerFixture.Silent);
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await manager.DialBegan.Task.WaitAsync(ManagerFixture.Patience);
        tunnel.Dispose();
        await manager.DialGivenUp.Task.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task A_reset_by_the_far_side_is_a_Disconnect()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var peer = await listener.AcceptAsync();
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        await tunnel.ExpectAsync(TunnelMessageCode.Disconnect);
    }

    [Fact]
    public async Task A_Disconnect_by_the_client_resets_the_far_side()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        using var peer = await listener.AcceptAsync();
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        await tunnel.SendAsync(TunnelMessageCode.Disconnect);
        var e = await Assert.ThrowsAsync<SocketException>(async () => await peer.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public async Task Udp_keeps_datagrams_apart()
    {
        await using var manager = await ManagerFixture.StartAsync();
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
    }

    [Theory]
    [InlineData(ProtocolType.Tcp, 7200)]
    [InlineData(ProtocolType.Udp, 60)]
    public async Task An_idle_tunnel_is_disconnected(ProtocolType protocol, int seconds)
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync(time);
        using var listener = Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, EndPointOf(listener), protocol);
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        await time.TimerIsSetAsync(TimeSpan.FromSeconds(seconds));
        time.Advance(TimeSpan.FromSeconds(seconds));
        await tunnel.ExpectAsync(TunnelMessageCode.Disconnect);
        Assert.Equal(StatusCode.OK, await tunnel.EndAsync());
    }

    [Fact]
    public async Task An_unknown_session_is_NotFound()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var tunnel = await manager.OpenTunnelAsync("nobody", ClosedPort());
        Assert.Equal(StatusCode.NotFound, await tunnel.EndAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("02")]
    [InlineData("0200000c0a00000104000a60000a00500603616263")]
    [InlineData("0200000d0a00000104000a60000a00500103616263")]
    public async Task A_malformed_handshake_is_FailedPrecondition(string streamInfo)
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var tunnel = await TestTunnel.OpenAsync(manager.Client, Convert.FromHexString(streamInfo));
        Assert.Equal(StatusCode.FailedPrecondition, await tunnel.EndAsync());
    }

    [Fact]
    public async Task Departing_ends_a_tunnel_with_Cancelled()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var listener = Listener();
        var session = await manager.ArriveAsync();
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, EndPointOf(listener));
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        await manager.Client.Depart(session);
        Assert.Equal(StatusCode.Cancelled, await tunnel.EndAsync());
    }

    internal static Socket Listener()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    internal static IPEndPoint EndPointOf(Socket socket) => (IPEndPoint)socket.LocalEndPoint!;

    internal static IPEndPoint ClosedPort()
    {
        using var listener = Listener();
        return EndPointOf(listener);
    }
}
