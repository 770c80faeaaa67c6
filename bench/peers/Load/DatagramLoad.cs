using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>
/// Datagrams from one socket, unpaced; what counts is what arrives. The count is asked for over the raw wire, until it
/// does not grow any more.
/// </summary>
internal static class DatagramLoad
{
    private static readonly TimeSpan _settle = TimeSpan.FromMilliseconds(100);

    public static Dictionary<string, double> Run(IPAddress server, IPAddress control, int size, TimeSpan duration)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server, LoadPorts.Sink);
        var id = Random.Shared.NextInt64(1, long.MaxValue);
        var datagram = new byte[size];
        BinaryPrimitives.WriteInt64LittleEndian(datagram, id);
        OpenFlow(socket, datagram, control, id);
        var before = Count(control, id);
        var sent = 0L;
        var clock = Stopwatch.StartNew();
        for (; clock.Elapsed < duration; sent++)
        {
            socket.Send(datagram);
        }
        var arrived = Count(control, id) - before;
        var seconds = clock.Elapsed.TotalSeconds;
        for (var late = long.MaxValue; late != arrived; )
        {
            late = arrived;
            Thread.Sleep(_settle);
            arrived = Count(control, id) - before;
            // What still lay in queues took that time to come.
            seconds = late == arrived ? seconds : clock.Elapsed.TotalSeconds;
        }
        return new() { ["per_second"] = arrived / seconds, ["loss"] = 1 - (double)arrived / sent };
    }

    private static void OpenFlow(Socket socket, byte[] datagram, IPAddress control, long id)
    {
        for (var tries = 0; Count(control, id) == 0; tries++)
        {
            if (tries == 50)
            {
                throw new IOException("no datagram arrives");
            }
            socket.Send(datagram);
            Thread.Sleep(_settle);
        }
    }

    private static long Count(IPAddress control, long id)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(control, LoadPorts.Bulk);
        return BulkLoad.Ask(socket, 'Q', id);
    }
}
