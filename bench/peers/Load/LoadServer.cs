using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>The far end of every column: the same process, whatever the way to it. Lives as long as its input.</summary>
internal static class LoadServer
{
    private const int ReceiveBuffer = 32 * 1024 * 1024;

    public static int Run()
    {
        var sink = new DatagramSink();
        var count = new CountService(sink);
        Accept(LoadPorts.Count, count.Serve);
        Accept(LoadPorts.Echo, socket => _ = EchoAsync(socket));
        InThread("sink", () => sink.Serve(WithRoom(Bound(SocketType.Dgram, LoadPorts.Sink))));
        InThread("dns", () => DnsResponder.Serve(Bound(SocketType.Dgram, LoadPorts.Dns)));
        Console.Out.WriteLine("ready");
        Console.In.ReadToEnd();
        return 0;
    }

    /// <summary>Client or peer went away: what a load test does all the time.</summary>
    public static bool IsEnd(Exception exception) => exception is SocketException or ObjectDisposedException;

    private static Socket Bound(SocketType type, int port)
    {
        var protocol = type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp;
        var socket = new Socket(AddressFamily.InterNetwork, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        return socket;
    }

    /// <summary>Beyond net.core.rmem_max: what the counter misses would count as lost on the way.</summary>
    private static Socket WithRoom(Socket socket)
    {
        const int solSocket = 1;
        const int receiveBufferByForce = 33;
        socket.SetRawSocketOption(solSocket, receiveBufferByForce, BitConverter.GetBytes(ReceiveBuffer));
        return socket;
    }

    private static void Accept(int port, Action<Socket> serve)
    {
        var listener = Bound(SocketType.Stream, port);
        listener.Listen(4096);
        InThread(
            $"accept {port}",
            () =>
            {
                while (true)
                {
                    var socket = listener.Accept();
                    socket.NoDelay = true;
                    serve(socket);
                }
            }
        );
    }

    // Blocking calls cost least, so that the load is not what is measured.
    private static void InThread(string name, Action action) =>
        new Thread(() => action()) { IsBackground = true, Name = name }.Start();

    private static async Task EchoAsync(Socket socket)
    {
        using (socket)
        {
            var buffer = new byte[256];
            try
            {
                int read;
                while ((read = await socket.ReceiveAsync(buffer).ConfigureAwait(false)) > 0)
                {
                    await socket.SendAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (IsEnd(e))
            {
                return;
            }
        }
    }
}
