namespace Telepresence.Engine.Vif;

/// <summary>
/// A queue of an <see cref="ImpairedDevice"/>. A packet that lets others overtake it is released by the next one, or,
/// when none comes, before the queue waits: a packet is late, never stuck.
/// </summary>
internal sealed class ImpairedQueue(
    IPacketQueue inner,
    Impairments impairments,
    Random random,
    Lock gate,
    TimeProvider time
) : IPacketQueue
{
    private readonly PacketBuffer _scratch = new();
    private readonly DelayLine _inbound = new();
    private readonly DelayLine _outbound = new();
    private long _dropped;
    private long _reordered;
    private long _duplicated;

    public DeviceOffloads Offloads => inner.Offloads;

    public long Dropped => Volatile.Read(ref _dropped);

    public long Reordered => Volatile.Read(ref _reordered);

    public long Duplicated => Volatile.Read(ref _duplicated);

    public bool TryRead(PacketBuffer packet)
    {
        Flush(idle: false);
        while (!_inbound.TryTake(packet, Now, idle: false))
        {
            if (!inner.TryRead(packet))
            {
                return _inbound.TryTake(packet, Now, idle: true);
            }
            Pass(_inbound, packet);
        }
        return true;
    }

    public void Write(PacketBuffer packet)
    {
        Pass(_outbound, packet);
        Flush(idle: false);
    }

    public void Wait(int timeoutMilliseconds)
    {
        Flush(idle: true);
        var next = Earlier(_inbound.NextDue, _outbound.NextDue);
        if (next is { } due)
        {
            var left = (int)Math.Ceiling(Math.Max(0, (due - Now).TotalMilliseconds));
            timeoutMilliseconds = timeoutMilliseconds < 0 ? left : Math.Min(left, timeoutMilliseconds);
        }
        inner.Wait(timeoutMilliseconds);
    }

    public void Wake() => inner.Wake();

    private TimeSpan Now => time.GetElapsedTime(0, time.GetTimestamp());

    private void Pass(DelayLine line, PacketBuffer packet)
    {
        bool drop,
            reorder,
            duplicate;
        lock (gate)
        {
            drop = random.NextDouble() < impairments.Drop;
            reorder = random.NextDouble() < impairments.Reorder;
            duplicate = random.NextDouble() < impairments.Duplicate;
        }
        if (drop)
        {
            Interlocked.Increment(ref _dropped);
            return;
        }
        var due = Now + impairments.Delay;
        if (reorder)
        {
            Interlocked.Increment(ref _reordered);
        }
        line.Add(packet, due, reorder);
        if (duplicate)
        {
            Interlocked.Increment(ref _duplicated);
            line.Add(packet, due, overtaken: false);
        }
    }

    private void Flush(bool idle)
    {
        while (_outbound.TryTake(_scratch, Now, idle))
        {
            inner.Write(_scratch);
        }
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) =>
        one is null ? other
        : other is null || one < other ? one
        : other;
}
