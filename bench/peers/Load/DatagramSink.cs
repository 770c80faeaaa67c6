using System.Buffers.Binary;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>Counts datagrams by the id in their first 8 bytes.</summary>
internal sealed class DatagramSink
{
    private long _id;
    private long _count;

    public void Serve(Socket socket)
    {
        var buffer = new byte[65536];
        while (true)
        {
            var length = socket.Receive(buffer);
            var id = length >= 8 ? BinaryPrimitives.ReadInt64LittleEndian(buffer) : 0;
            if (id != _id)
            {
                Volatile.Write(ref _count, 0);
                Volatile.Write(ref _id, id);
            }
            Volatile.Write(ref _count, _count + 1);
        }
    }

    public long Count(long id) => Volatile.Read(ref _id) == id ? Volatile.Read(ref _count) : 0;
}
