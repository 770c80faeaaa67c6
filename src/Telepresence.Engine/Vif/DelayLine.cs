using System.Buffers;

namespace Telepresence.Engine.Vif;

/// <summary>Packets on their way, in the order in which they were sent, each with the time at which it arrives.</summary>
internal sealed class DelayLine
{
    // Bounded: a sender that outruns the delay loses packets, as on a link with a finite queue.
    private const int Capacity = 16_384;

    private readonly LinkedList<Entry> _entries = new();

    /// <summary>When the first packet arrives; null: none is on its way.</summary>
    public TimeSpan? NextDue => _entries.First?.Value.Due;

    /// <param name="overtaken">The next packet is to arrive before this one.</param>
    public void Add(PacketBuffer packet, TimeSpan due, bool overtaken)
    {
        if (_entries.Count >= Capacity)
        {
            return;
        }
        var bytes = ArrayPool<byte>.Shared.Rent(packet.Length);
        packet.Packet.CopyTo(bytes);
        var entry = new Entry(bytes, packet.Length, packet.Offload, due) { IsOvertaken = overtaken };
        if (!overtaken && _entries.Last is { Value.IsOvertaken: true } last)
        {
            last.Value.IsOvertaken = false;
            _entries.AddBefore(last, entry);
            return;
        }
        _entries.AddLast(entry);
    }

    /// <param name="idle">Nothing else is coming: a packet that waits to be overtaken waits no longer.</param>
    public bool TryTake(PacketBuffer packet, TimeSpan now, bool idle)
    {
        if (_entries.First is not { } first || first.Value.Due > now || (first.Value.IsOvertaken && !idle))
        {
            return false;
        }
        _entries.RemoveFirst();
        var entry = first.Value;
        entry.Bytes.AsSpan(0, entry.Length).CopyTo(packet.Room);
        packet.Length = entry.Length;
        packet.Offload = entry.Offload;
        ArrayPool<byte>.Shared.Return(entry.Bytes);
        return true;
    }

    private sealed record Entry(byte[] Bytes, int Length, PacketOffload Offload, TimeSpan Due)
    {
        public bool IsOvertaken { get; set; }
    }
}
