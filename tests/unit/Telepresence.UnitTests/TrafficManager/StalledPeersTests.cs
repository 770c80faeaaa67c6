using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.TrafficManager;

public class StalledPeersTests
{
    private const int Stalled = 24;
    private const int Message = 64 * 1024;

    /// <summary>More than window and socket buffers take of one flow.</summary>
    private const int MessagesOfOne = 16 * 1024 * 1024 / Message;

    [Fact]
    public async Task Peers_that_never_read_leave_the_connection_to_others()
    {
        await using var manager = await ManagerFixture.StartAsync();
        using var silent = Listener();
        silent.ReceiveBufferSize = 4096;
        using var reader = Listener();
        var session = await manager.ArriveAsync();
        List<IDisposable> open = [];
        List<Task> floods = [];
        try
        {
            for (var i = 0; i < Stalled; i++)
            {
                var (tunnel, peer) = await OpenAsync(manager, session.SessionId, silent);
                open.AddRange([tunnel, peer]);
                floods.Add(WriteAsync(tunnel, MessagesOfOne));
            }
            var (working, other) = await OpenAsync(manager, session.SessionId, reader);
            open.AddRange([working, other]);
            var writing = WriteAsync(working, 4 * MessagesOfOne);
            await ReadAsync(other, 4 * MessagesOfOne * Message).WaitAsync(ManagerFixture.Patience);
            await writing;
            // They are where they were: nobody dropped what they had to say.
            Assert.All(floods, flood => Assert.False(flood.IsCompleted));
        }
        finally
        {
            open.ForEach(one => one.Dispose());
            await Task.WhenAll(floods).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private static async Task<(TestTunnel Tunnel, Socket Peer)> OpenAsync(
        ManagerFixture manager,
        string session,
        Socket listener
    )
    {
        var tunnel = await manager.OpenTunnelAsync(session, (IPEndPoint)listener.LocalEndPoint!);
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var peer = await listener.AcceptAsync();
        await tunnel.ExpectAsync(TunnelMessageCode.DialOk);
        return (tunnel, peer);
    }

    private static async Task WriteAsync(TestTunnel tunnel, int messages)
    {
        var body = new byte[Message];
        for (var i = 0; i < messages; i++)
            await tunnel.SendAsync(TunnelMessageCode.Data, body);
    }

    private static async Task ReadAsync(Socket peer, long length)
    {
        var buffer = new byte[Message];
        while (length > 0)
            length -= await peer.ReceiveAsync(buffer);
    }

    private static Socket Listener()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(64);
        return listener;
    }
}
