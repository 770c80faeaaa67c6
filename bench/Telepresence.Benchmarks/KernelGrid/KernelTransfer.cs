using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.E2ETests.Netns;
using Telepresence.Engine.Vif;
using Telepresence.UnitTests.NetStack.Tcp.Grid;

namespace Telepresence.Benchmarks.KernelGrid;

/// <summary>
/// One transfer between two sockets of this kernel, each in a namespace of its own that has nothing but a TUN, over a
/// cell's link between the two. The client opens the connection and reads, as in the grid's downward half.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class KernelTransfer
{
    private const int SOL_SOCKET = 1;
    private const int SO_SNDBUFFORCE = 32;
    private const int SO_RCVBUFFORCE = 33;
    private const int IPPROTO_TCP = 6;
    private const int TCP_CONGESTION = 13;
    private static readonly IPEndPoint _server = new(IPAddress.Parse("10.99.0.2"), 5001);

    /// <summary>Megabits of payload a second that arrive at the reader.</summary>
    public static double Goodput(GridCell cell, int seed)
    {
        using var near = NetworkNamespace.Create("grid");
        using var far = NetworkNamespace.Create("grid");
        using var nearDevice = Open(near, "10.99.0.1", _server.Address);
        using var farDevice = Open(far, "10.99.0.2", IPAddress.Parse("10.99.0.1"));
        using var stop = new CancellationTokenSource();
        var threads = new[]
        {
            Start(nearDevice, farDevice, new SimulatedLink(cell, new Random(seed)), stop.Token),
            Start(farDevice, nearDevice, new SimulatedLink(cell, new Random(-seed)), stop.Token),
        };
        try
        {
            return Transfer(cell, near, far);
        }
        finally
        {
            stop.Cancel();
            nearDevice.Queues[0].Wake();
            farDevice.Queues[0].Wake();
            Array.ForEach(threads, thread => thread.Join());
        }
    }

    private static TunDevice Open(NetworkNamespace place, string address, IPAddress peer)
    {
        var options = new VifOptions
        {
            Addresses = [IPAddress.Parse(address)],
            Mtu = GridCell.Mtu,
            Offloads = DeviceOffloads.None,
        };
        var device = place.Run(() => new TunDevice(options, NullLogger.Instance));
        place.Ip($"route add {peer} dev {device.Name}");
        return device;
    }

    private static Thread Start(TunDevice from, TunDevice to, SimulatedLink link, CancellationToken stop)
    {
        var relay = new LinkRelay(from.Queues[0], to.Queues[0], link, TimeProvider.System, stop);
        var thread = new Thread(relay.Run) { IsBackground = true, Name = $"relay of {from.Name}" };
        thread.Start();
        return thread;
    }

    private static double Transfer(GridCell cell, NetworkNamespace near, NetworkNamespace far)
    {
        using var listener = far.Run(() => Create(cell));
        listener.Bind(_server);
        listener.Listen();
        using var client = near.Run(() => Create(cell));
        var clock = Stopwatch.StartNew();
        var writer = new Thread(() => Write(listener)) { IsBackground = true, Name = "writer" };
        writer.Start();
        var buffer = new byte[64 * 1024];
        long received = 0;
        try
        {
            client.Connect(_server);
            while (received < GridCell.Bytes && GridCell.Limit - clock.Elapsed is var left && left > TimeSpan.Zero)
            {
                if (client.Poll(left, SelectMode.SelectRead))
                {
                    received += client.Receive(buffer);
                }
            }
        }
        catch (SocketException)
        {
            // The handshake itself was lost for longer than a run takes: then nothing has arrived.
        }

        var elapsed = clock.Elapsed < GridCell.Limit ? clock.Elapsed : GridCell.Limit;
        client.Close(0);
        listener.Dispose();
        writer.Join();
        return Math.Min(received, GridCell.Bytes) * 8 / elapsed.TotalMicroseconds;
    }

    private static Socket Create(GridCell cell)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // By the socket, whatever this machine's default is: a namespace may not choose what is not allowed to all.
        socket.SetRawSocketOption(IPPROTO_TCP, TCP_CONGESTION, "cubic"u8);
        socket.SetRawSocketOption(SOL_SOCKET, SO_SNDBUFFORCE, BitConverter.GetBytes(cell.BufferBytes));
        // The kernel doubles what it is given, for its own overhead, and announces what it guesses to be left: about an
        // eighth more than was asked for with packets of this size. The cell's buffer is the window.
        socket.SetRawSocketOption(SOL_SOCKET, SO_RCVBUFFORCE, BitConverter.GetBytes(cell.BufferBytes * 7 / 8));
        return socket;
    }

    private static void Write(Socket listener)
    {
        try
        {
            using var server = listener.Accept();
            // A reset may be lost on the way; the run's end must not wait for it.
            server.SendTimeout = (int)GridCell.Limit.TotalMilliseconds;
            var bytes = new byte[64 * 1024];
            while (server.Send(bytes) > 0)
            {
                continue;
            }
        }
        catch (SocketException)
        {
            // The reader has what it wanted, or the run is over.
        }
    }
}
