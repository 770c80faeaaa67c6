using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>
/// Bulk transfer for a time on some streams. The clock runs from the first connect until the last byte is known to be
/// on the other side, so that buffers on the way do not count as speed.
/// </summary>
internal static class BulkLoad
{
    private static readonly TimeSpan _stall = TimeSpan.FromSeconds(20);

    public static Dictionary<string, double> Run(IPAddress server, bool down, int streams, TimeSpan duration)
    {
        var bytes = new long[streams];
        Exception? failure = null;
        var clock = Stopwatch.StartNew();
        var threads = Enumerable
            .Range(0, streams)
            .Select(i => new Thread(() =>
            {
                try
                {
                    bytes[i] = Transfer(server, down, duration);
                }
                catch (SocketException e)
                {
                    failure = e;
                }
            }))
            .ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        var seconds = clock.Elapsed.TotalSeconds;
        if (failure is not null)
        {
            throw new IOException($"a stream broke: {failure.Message}");
        }
        return new()
        {
            ["bits_per_second"] = bytes.Sum() * 8 / seconds,
            ["bytes"] = bytes.Sum(),
            ["fairness"] = Fairness(bytes),
        };
    }

    public static long Ask(Socket socket, char command, long argument)
    {
        Command(socket, command, argument);
        return ReadNumber(socket);
    }

    /// <summary>Jain's index: 1 when all got the same, 1/n when one got all.</summary>
    private static double Fairness(long[] shares)
    {
        var squares = shares.Sum(s => (double)s * s);
        return squares == 0 ? 0 : Math.Pow(shares.Sum(s => (double)s), 2) / (shares.Length * squares);
    }

    private static long Transfer(IPAddress server, bool down, TimeSpan duration)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // A way that stalls is a result too, and must not keep the others waiting.
        socket.ReceiveTimeout = socket.SendTimeout = (int)(_stall + duration).TotalMilliseconds;
        socket.Connect(server, LoadPorts.Bulk);
        if (down)
        {
            Command(socket, 'D', (long)duration.TotalMilliseconds);
            return BulkService.Receive(socket);
        }
        Command(socket, 'U', 0);
        BulkService.Send(socket, duration);
        return ReadNumber(socket);
    }

    private static void Command(Socket socket, char command, long argument)
    {
        Span<byte> bytes = stackalloc byte[BulkService.CommandLength];
        bytes[0] = (byte)command;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], argument);
        socket.Send(bytes);
    }

    private static long ReadNumber(Socket socket)
    {
        Span<byte> bytes = stackalloc byte[8];
        for (var filled = 0; filled < bytes.Length; )
        {
            var read = socket.Receive(bytes[filled..]);
            if (read == 0)
            {
                throw new IOException("the far side ended without an answer");
            }
            filled += read;
        }
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }
}
