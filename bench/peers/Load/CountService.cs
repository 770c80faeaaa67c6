using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>How many datagrams with an id came, asked over TCP: 8 bytes there, 8 bytes back.</summary>
internal sealed class CountService(DatagramSink sink)
{
    private const int NumberLength = 8;

    public void Serve(Socket socket)
    {
        using (socket)
        {
            try
            {
                Write(socket, sink.Count(Read(socket)));
            }
            catch (Exception e) when (LoadServer.IsEnd(e) || e is IOException)
            {
                return;
            }
        }
    }

    /// <exception cref="IOException">No answer.</exception>
    public static long Ask(IPAddress server, long id)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(server, LoadPorts.Count);
        Write(socket, id);
        return Read(socket);
    }

    private static void Write(Socket socket, long number)
    {
        Span<byte> bytes = stackalloc byte[NumberLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        socket.Send(bytes);
    }

    private static long Read(Socket socket)
    {
        Span<byte> bytes = stackalloc byte[NumberLength];
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
