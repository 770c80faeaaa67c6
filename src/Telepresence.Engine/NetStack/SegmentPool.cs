using System.Collections.Concurrent;

namespace Telepresence.Engine.NetStack;

/// <summary>A block of a <see cref="ByteQueue"/>.</summary>
internal sealed class QueueSegment
{
    public const int Size = 32 * 1024;

    private QueueSegment? _next;

    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(Size);

    /// <summary>Stream position of the first byte.</summary>
    public long Start { get; set; }

    public long End => Start + Size;

    public QueueSegment? Next
    {
        get => Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, value);
    }
}

/// <summary>
/// Keeps blocks for re-use and counts those in use. Thread-safe: flows are read and written by any thread.
/// </summary>
/// <param name="plenty">Bytes of blocks in use above which they are scarce.</param>
internal sealed class SegmentPool(long plenty = long.MaxValue)
{
    /// <summary>16 MiB: enough for several full windows, little enough to keep for ever.</summary>
    private const int MaximumKept = 512;

    private readonly ConcurrentQueue<QueueSegment> _kept = new();
    private int _count;
    private int _rented;

    /// <summary>Bytes of all blocks in use.</summary>
    public long Rented => (long)Volatile.Read(ref _rented) * QueueSegment.Size;

    /// <summary>
    /// Whether the queues together hold so much that each should hold no more than a block. Nothing is refused here: a queue
    /// that must write does.
    /// </summary>
    public bool IsScarce => Rented > plenty;

    public QueueSegment Rent(long start)
    {
        Interlocked.Increment(ref _rented);
        if (_kept.TryDequeue(out var segment))
        {
            Interlocked.Decrement(ref _count);
        }
        else
        {
            segment = new QueueSegment();
        }

        segment.Start = start;
        segment.Next = null;
        return segment;
    }

    /// <summary>Blocks that never come back count no more.</summary>
    public void Forget(int count) => Interlocked.Add(ref _rented, -count);

    public void Return(QueueSegment segment)
    {
        Interlocked.Decrement(ref _rented);
        if (Interlocked.Increment(ref _count) > MaximumKept)
        {
            Interlocked.Decrement(ref _count);
            return;
        }

        _kept.Enqueue(segment);
    }
}
