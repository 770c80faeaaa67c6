namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// A small sorted set of disjoint ranges of stream positions: what arrived out of order, or what the peer says arrived.
/// Bounded, so that neither a hostile peer nor a bad link makes it grow or slow.
/// </summary>
internal sealed class ByteRanges
{
    /// <summary>At 1 % loss of 1,460-byte segments a full 4 MiB window has about 30 holes.</summary>
    private const int Maximum = 256;

    private (long Start, long End)[] _ranges = [];

    public int Count { get; private set; }

    /// <summary>Bytes in all ranges.</summary>
    public long Total { get; private set; }

    public (long Start, long End) this[int index] => _ranges[index];

    /// <summary>Adds a range, merging what it touches. False when there is no room for one more.</summary>
    public bool Add(long start, long end)
    {
        var first = 0;
        while (first < Count && _ranges[first].End < start)
        {
            first++;
        }

        var last = first;
        while (last < Count && _ranges[last].Start <= end)
        {
            start = Math.Min(start, _ranges[last].Start);
            end = Math.Max(end, _ranges[last].End);
            Total -= _ranges[last].End - _ranges[last].Start;
            last++;
        }

        if (last == first)
        {
            if (Count == Maximum)
            {
                return false;
            }

            if (Count == _ranges.Length)
            {
                Array.Resize(ref _ranges, Math.Max(8, Count * 2));
            }

            Array.Copy(_ranges, first, _ranges, first + 1, Count - first);
            Count++;
        }
        else if (last > first + 1)
        {
            Array.Copy(_ranges, last, _ranges, first + 1, Count - last);
            Count -= last - first - 1;
        }

        _ranges[first] = (start, end);
        Total += end - start;
        return true;
    }

    /// <summary>Forgets everything before a position.</summary>
    public void RemoveBefore(long position)
    {
        var gone = 0;
        while (gone < Count && _ranges[gone].End <= position)
        {
            Total -= _ranges[gone].End - _ranges[gone].Start;
            gone++;
        }

        if (gone > 0)
        {
            Array.Copy(_ranges, gone, _ranges, 0, Count - gone);
            Count -= gone;
        }

        if (Count > 0 && _ranges[0].Start < position)
        {
            Total -= position - _ranges[0].Start;
            _ranges[0].Start = position;
        }
    }

    public void Clear()
    {
        Count = 0;
        Total = 0;
    }

    /// <summary>Bytes of the ranges that lie within [start, end).</summary>
    public long Overlap(long start, long end)
    {
        long sum = 0;
        for (var i = 0; i < Count && _ranges[i].Start < end; i++)
        {
            sum += Math.Max(0, Math.Min(end, _ranges[i].End) - Math.Max(start, _ranges[i].Start));
        }

        return sum;
    }

    /// <summary>The range that holds a position, or -1.</summary>
    public int Find(long position)
    {
        for (var i = 0; i < Count && _ranges[i].Start <= position; i++)
        {
            if (position < _ranges[i].End)
            {
                return i;
            }
        }

        return -1;
    }
}
