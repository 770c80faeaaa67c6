using System.Buffers;

namespace Telepresence.Engine.Vif;

/// <summary>A queue of a <see cref="MemoryDevice"/>.</summary>
internal sealed class MemoryQueue(int capacity, DeviceOffloads offloads) : IPacketQueue
{
    // Its own: others drain the shared one and collections trim it, which a test that counts allocations would see.
    private readonly ArrayPool<byte> _pool = ArrayPool<byte>.Create(PacketBuffer.Capacity, 64);
    private readonly Queue<(byte[] Bytes, int Length, PacketOffload Offload)> _packets = new(capacity);

    // A monitor, not a Lock: Wait needs its condition variable.
    private readonly object _lock = new();
    private bool _woken;
    private bool _closed;
    private long _dropped;

    /// <summary>Where writes go.</summary>
    public MemoryQueue? Peer { get; set; }

    public DeviceOffloads Offloads => offloads;

    public long Dropped => Volatile.Read(ref _dropped);

    public bool TryRead(PacketBuffer packet)
    {
        (byte[] Bytes, int Length, PacketOffload Offload) next;
        lock (_lock)
        {
            if (!_packets.TryDequeue(out next))
            {
                return false;
            }
        }
        next.Bytes.AsSpan(0, next.Length).CopyTo(packet.Room);
        packet.Length = next.Length;
        packet.Offload = next.Offload;
        _pool.Return(next.Bytes);
        return true;
    }

    public void Write(PacketBuffer packet)
    {
        if (_closed || Peer is null || !Peer.TryEnqueue(packet))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    public void Wait(int timeoutMilliseconds)
    {
        var deadline = timeoutMilliseconds < 0 ? long.MaxValue : Environment.TickCount64 + timeoutMilliseconds;
        lock (_lock)
        {
            while (!_woken && !_closed && _packets.Count == 0)
            {
                var left = timeoutMilliseconds < 0 ? Timeout.Infinite : deadline - Environment.TickCount64;
                if (timeoutMilliseconds >= 0 && left <= 0 || !Monitor.Wait(_lock, (int)left))
                {
                    return;
                }
            }
            _woken = false;
        }
    }

    public void Wake()
    {
        lock (_lock)
        {
            _woken = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Drops what is queued and lets waits end at once.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            while (_packets.TryDequeue(out var packet))
            {
                _pool.Return(packet.Bytes);
            }
            Monitor.PulseAll(_lock);
        }
    }

    private bool TryEnqueue(PacketBuffer packet)
    {
        lock (_lock)
        {
            if (_closed || _packets.Count >= capacity)
            {
                return false;
            }
            var bytes = _pool.Rent(packet.Length);
            packet.Packet.CopyTo(bytes);
            _packets.Enqueue((bytes, packet.Length, packet.Offload));
            Monitor.PulseAll(_lock);
            return true;
        }
    }
}
