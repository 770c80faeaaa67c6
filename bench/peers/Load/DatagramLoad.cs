using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>
/// Datagrams from one socket; what counts is what arrives. The count is asked for over the raw wire, until it does not grow
/// any more. A paced sender sends what is due in each millisecond.
/// </summary>
internal static class DatagramLoad
{
    private static readonly TimeSpan _settle = TimeSpan.FromMilliseconds(100);

    /// <param name="rate">Datagrams a second; 0: as many as go.</param>
    public static Dictionary<string, double> Run(
        IPAddress server,
        IPAddress control,
        int size,
        int rate,
        TimeSpan duration
    )
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server, LoadPorts.Sink);
        var id = Random.Shared.NextInt64(1, long.MaxValue);
        var datagram = new byte[size];
        BinaryPrimitives.WriteInt64LittleEndian(datagram, id);
        OpenFlow(socket, datagram, control, id);
        var before = CountService.Ask(control, id);
        var sent = 0L;
        var clock = Stopwatch.StartNew();
        for (; clock.Elapsed < duration; sent++)
        {
            while (rate > 0 && sent >= clock.Elapsed.TotalSeconds * rate)
            {
                Thread.Sleep(1);
            }
            socket.Send(datagram);
        }
        var arrived = CountService.Ask(control, id) - before;
        var seconds = clock.Elapsed.TotalSeconds;
        for (var late = long.MaxValue; late != arrived; )
        {
            late = arrived;
            Thread.Sleep(_settle);
            arrived = CountService.Ask(control, id) - before;
            // What still lay in queues took that time to come.
            seconds = late == arrived ? seconds : clock.Elapsed.TotalSeconds;
        }
        return new()
        {
            ["arrived"] = arrived,
            ["per_second"] = arrived / seconds,
            ["loss"] = 1 - (double)arrived / sent,
        };
    }

    private static void OpenFlow(Socket socket, byte[] datagram, IPAddress control, long id)
    {
        for (var tries = 0; CountService.Ask(control, id) == 0; tries++)
        {
            if (tries == 50)
            {
                throw new IOException("no datagram arrives");
            }
            socket.Send(datagram);
            Thread.Sleep(_settle);
        }
    }
}
