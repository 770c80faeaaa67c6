using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.Routing;

/// <summary>Answers every UDP packet that comes out of a device with itself, ends swapped.</summary>
internal sealed class UdpEcho : IDisposable
{
    private readonly IPacketQueue _queue;
    private readonly Thread _thread;
    private volatile bool _stopped;
    private int _count;

    public UdpEcho(IPacketDevice device)
    {
        _queue = device.Queues[0];
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public int Count => Volatile.Read(ref _count);

    public void Dispose()
    {
        _stopped = true;
        _queue.Wake();
        _thread.Join();
    }

    private void Run()
    {
        var packet = new PacketBuffer();
        while (!_stopped)
        {
            while (_queue.TryRead(packet))
            {
                var bytes = packet.Packet;
                var v4 = bytes[0] >> 4 == 4;
                if (bytes[v4 ? 9 : 6] != 17)
                {
                    continue;
                }
                Interlocked.Increment(ref _count);
                var (at, size) = v4 ? (12, 4) : (8, 16);
                Swap(bytes, at, at + size, size);
                var udp = v4 ? (bytes[0] & 15) * 4 : 40;
                Swap(bytes, udp, udp + 2, 2);
                // Sums do not change when their parts change places.
                _queue.Write(packet);
            }
            _queue.Wait(-1);
        }
    }

    private static void Swap(Span<byte> bytes, int one, int other, int length)
    {
        for (var i = 0; i < length; i++)
        {
            (bytes[one + i], bytes[other + i]) = (bytes[other + i], bytes[one + i]);
        }
    }
}
