using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// What arrived ahead of a hole. The bytes already lie in their place in the receive queue; this remembers where, and
/// which blocks to report first (RFC 2018 §4: the most recent ones).
/// </summary>
internal sealed class ReassemblyQueue
{
    private const int Reported = 4;
    private readonly ByteRanges _ranges = new();
    private readonly long[] _recent = new long[Reported];
    private int _recentCount;

    public bool IsEmpty => _ranges.Count == 0;

    public bool Add(long start, long end)
    {
        if (!_ranges.Add(start, end))
        {
            return false;
        }

        Array.Copy(_recent, 0, _recent, 1, Reported - 1);
        _recent[0] = start;
        _recentCount = Math.Min(_recentCount + 1, Reported);
        return true;
    }

    /// <summary>The hole was filled up to <paramref name="next"/>: returns how far data is contiguous now.</summary>
    public long Advance(long next)
    {
        var index = _ranges.Find(next);
        if (index >= 0)
        {
            next = _ranges[index].End;
        }

        _ranges.RemoveBefore(next);
        return next;
    }

    /// <summary>Where the piece that holds a position ends; null when the position is missing yet.</summary>
    public long? Find(long position) => _ranges.Find(position) is >= 0 and var index ? _ranges[index].End : null;

    /// <summary>Adds the blocks for which the options have room.</summary>
    public void Report(ref TcpOptions options, SequenceNumber origin)
    {
        Span<int> reported = stackalloc int[Reported];
        var count = 0;
        for (var i = 0; i < _recentCount && options.SackBlockCount < Reported; i++)
        {
            var index = _ranges.Find(_recent[i]);
            if (index < 0 || reported[..count].Contains(index))
            {
                continue;
            }

            reported[count++] = index;
            var (start, end) = _ranges[index];
            options.AddSackBlock(new SackBlock(new(origin.Value + (uint)start), new(origin.Value + (uint)end)));
        }
    }
}
