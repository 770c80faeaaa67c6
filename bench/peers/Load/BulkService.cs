using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>
/// A command of 9 bytes a connection: <c>U</c>: counts what comes and answers the sum, 8 bytes; <c>D</c> and
/// milliseconds: sends for that long; <c>Q</c> and an id: answers how many datagrams with that id came.
/// </summary>
internal sealed class BulkService(DatagramSink sink)
{
    public const int CommandLength = 9;
    public const int BlockLength = 128 * 1024;

    public void Serve(Socket socket)
    {
        using (socket)
        {
            try
            {
                Span<byte> command = stackalloc byte[CommandLength];
                for (var filled = 0; filled < CommandLength; )
                {
                    var read = socket.Receive(command[filled..]);
                    if (read == 0)
                    {
                        return;
                    }
                    filled += read;
                }
                var argument = BinaryPrimitives.ReadInt64LittleEndian(command[1..]);
                switch ((char)command[0])
                {
                    case 'U':
                        Answer(socket, Receive(socket));
                        break;
                    case 'D':
                        Send(socket, TimeSpan.FromMilliseconds(argument));
                        break;
                    case 'Q':
                        Answer(socket, sink.Count(argument));
                        break;
                }
            }
            catch (Exception e) when (LoadServer.IsEnd(e))
            {
                return;
            }
        }
    }

    /// <summary>Receives to the end.</summary>
    public static long Receive(Socket socket)
    {
        var buffer = new byte[BlockLength];
        var total = 0L;
        int read;
        while ((read = socket.Receive(buffer)) > 0)
        {
            total += read;
        }
        return total;
    }

    /// <summary>Sends for some time, then a FIN.</summary>
    public static void Send(Socket socket, TimeSpan duration)
    {
        var buffer = new byte[BlockLength];
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration; )
        {
            socket.Send(buffer);
        }
        socket.Shutdown(SocketShutdown.Send);
    }

    private static void Answer(Socket socket, long number)
    {
        Span<byte> answer = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(answer, number);
        socket.Send(answer);
        socket.Shutdown(SocketShutdown.Send);
    }
}
