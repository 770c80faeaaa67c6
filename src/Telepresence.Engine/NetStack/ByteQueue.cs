namespace Telepresence.Engine.NetStack;

/// <summary>
/// A queue of bytes between one writing and one reading thread, without locks, in pooled blocks that exist only while
/// they hold something: an idle flow has none. Bytes are named by their position in the stream. The writer may put bytes
/// ahead of the tail (data that arrived out of order) and commit them later. It has no limit of its own: its users do.
/// </summary>
internal sealed class ByteQueue(SegmentPool pool)
{
    private const int Free = 0;
    private const int WriterInside = 1;
    private const int ReaderReclaims = 2;

    // So far below zero that no number of blocks makes up for it.
    private const int Abandoned = int.MinValue / 2;

    private long _head;
    private long _tail;
    private long _ahead;
    private int _gate;
    private int _held;
    private bool _lent;
    private QueueSegment? _readSegment;
    private QueueSegment? _writeSegment;
    private QueueSegment? _cursor;

    /// <summary>Position of the first byte that was not consumed.</summary>
    public long Head => Volatile.Read(ref _head);

    /// <summary>Position after the last committed byte.</summary>
    public long Tail => Volatile.Read(ref _tail);

    public long Length => Tail - Head;

    /// <summary>Any thread: more than this is too much now, for all queues of the pool together hold too much.</summary>
    public int Limit(int limit) => pool.IsScarce ? Math.Min(limit, QueueSegment.Size) : limit;

    /// <summary>Writer: a contiguous free piece at the tail, never empty. Held until <see cref="Advance"/>.</summary>
    public Memory<byte> GetMemory()
    {
        if (!_lent)
        {
            Enter();
            _lent = true;
        }

        var segment = TailSegment();
        var offset = (int)(_tail - segment.Start);
        return segment.Bytes.AsMemory(offset);
    }

    /// <summary>Writer: commits bytes that were put into <see cref="GetMemory"/>'s piece.</summary>
    public void Advance(int count)
    {
        if (!_lent || _tail + count > _writeSegment!.End)
        {
            throw new InvalidOperationException("More bytes were advanced than memory was handed out.");
        }

        Commit(_tail + count);
        _lent = false;
        Leave();
    }

    /// <summary>Writer: copies bytes to a position at or beyond the tail without committing them.</summary>
    public void WriteAt(long position, ReadOnlySpan<byte> bytes)
    {
        Enter();
        var segment = TailSegment();
        _ahead = Math.Max(_ahead, position + bytes.Length);
        while (bytes.Length > 0)
        {
            while (position >= segment.End)
            {
                segment = segment.Next ??= Rent(segment.End);
            }

            var count = (int)Math.Min(segment.End - position, bytes.Length);
            bytes[..count].CopyTo(segment.Bytes.AsSpan((int)(position - segment.Start)));
            bytes = bytes[count..];
            position += count;
        }

        Leave();
    }

    /// <summary>Writer: everything before <paramref name="tail"/> was written and may be read.</summary>
    public void CommitTo(long tail)
    {
        Enter();
        Commit(tail);
        Leave();
    }

    /// <summary>Reader: the contiguous bytes at the head; empty when there are none.</summary>
    public ReadOnlyMemory<byte> Peek()
    {
        var available = Tail - _head;
        if (available == 0)
        {
            return default;
        }

        var segment = SkipConsumed();
        return segment.Bytes.AsMemory((int)(_head - segment.Start), (int)Math.Min(segment.End - _head, available));
    }

    /// <summary>Reader: copies committed bytes from any position at or after the head.</summary>
    public void CopyTo(long position, Span<byte> destination)
    {
        if (destination.IsEmpty)
        {
            return;
        }

        var segment = _cursor is not null && _cursor.Start <= position ? _cursor : SkipConsumed();
        while (destination.Length > 0)
        {
            while (position >= segment.End)
            {
                segment = segment.Next!;
            }

            var offset = (int)(position - segment.Start);
            var count = Math.Min(QueueSegment.Size - offset, destination.Length);
            segment.Bytes.AsSpan(offset, count).CopyTo(destination);
            destination = destination[count..];
            position += count;
        }

        _cursor = segment;
    }

    /// <summary>Reader: releases bytes up to a position, and the blocks that held them.</summary>
    public void ConsumeTo(long position)
    {
        if (position < _head || position > Tail)
        {
            throw new InvalidOperationException("More bytes were released than there are.");
        }

        if (position == _head)
        {
            return;
        }

        Volatile.Write(ref _head, position);
        SkipConsumed();
        if (position == Tail && Interlocked.CompareExchange(ref _gate, ReaderReclaims, Free) == Free)
        {
            // Looked at again: the writer may have come and gone in between.
            if (_tail == _head && _ahead <= _tail)
            {
                Return(_readSegment!);
                _readSegment = _writeSegment = _cursor = null;
            }

            Leave();
        }
    }

    /// <summary>
    /// Any thread, once: the flow is over. Reader and writer may still be at it, so its blocks are left to the garbage
    /// collector; what is held for nobody must not count against the flows that go on.
    /// </summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _held, Abandoned) is > 0 and var held)
        {
            pool.Forget(held);
        }
    }

    private QueueSegment Rent(long start)
    {
        var segment = pool.Rent(start);
        if (Interlocked.Increment(ref _held) < 0)
        {
            pool.Forget(1);
        }

        return segment;
    }

    private void Return(QueueSegment segment)
    {
        if (Interlocked.Decrement(ref _held) >= 0)
        {
            pool.Return(segment);
        }
    }

    private QueueSegment SkipConsumed()
    {
        var segment = _readSegment!;
        while (_head >= segment.End && segment.Next is { } next)
        {
            if (_cursor == segment)
            {
                _cursor = null;
            }

            // The writer has left this block: it links the next one only when it moves on.
            Return(segment);
            _readSegment = segment = next;
        }

        return segment;
    }

    private QueueSegment TailSegment()
    {
        if (_writeSegment is not { } segment)
        {
            segment = Rent(_tail);
            _readSegment = segment;
        }
        else if (_tail == segment.End)
        {
            var full = segment;
            segment = full.Next ?? Rent(full.End);
            full.Next = segment;
        }

        return _writeSegment = segment;
    }

    private void Commit(long tail)
    {
        // Moves before the tail is published: afterwards the reader may already have returned the blocks it passed.
        while (tail >= _writeSegment!.End && _writeSegment.Next is { } next)
        {
            _writeSegment = next;
        }

        Volatile.Write(ref _tail, tail);
    }

    private void Enter()
    {
        var spinner = default(SpinWait);
        while (Interlocked.CompareExchange(ref _gate, WriterInside, Free) != Free)
        {
            spinner.SpinOnce();
        }
    }

    private void Leave() => Volatile.Write(ref _gate, Free);
}
