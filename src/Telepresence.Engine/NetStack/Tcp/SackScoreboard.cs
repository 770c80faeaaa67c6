namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// What the peer reported by SACK, and what follows from it (RFC 6675). A byte counts as lost when enough above it
/// arrived; this holds for a prefix of the holes, so one boundary says it all.
/// </summary>
internal sealed class SackScoreboard(int segmentSize)
{
    /// <summary>DupThresh of RFC 6675.</summary>
    private const int Threshold = 3;
    private readonly ByteRanges _sacked = new();

    /// <summary>Every byte below that was not reported is lost.</summary>
    public long LostBefore { get; private set; }

    public long SackedBytes => _sacked.Total;

    public bool IsEmpty => _sacked.Count == 0;

    /// <summary>Records a block; what does not lie between una and the highest byte sent is the caller's to refuse.</summary>
    public void Add(long start, long end) => _sacked.Add(start, end);

    public void Advance(long una) => _sacked.RemoveBefore(una);

    public void Clear()
    {
        _sacked.Clear();
        LostBefore = 0;
    }

    /// <summary>Looks for loss after blocks were added.</summary>
    public void Update(long una)
    {
        LostBefore = Math.Max(LostBefore, una);
        long bytes = 0;
        for (var i = _sacked.Count - 1; i >= 0; i--)
        {
            var (start, end) = _sacked[i];
            bytes += end - start;
            if (_sacked.Count - i >= Threshold || bytes > (Threshold - 1) * segmentSize)
            {
                LostBefore = Math.Max(LostBefore, start);
                return;
            }
        }
    }

    /// <summary>Everything outstanding is to be taken for lost: the retransmission timer expired.</summary>
    public void MarkAllLost(long end) => LostBefore = end;

    /// <summary>Bytes that are on their way: neither reported nor lost, or sent again.</summary>
    public long Pipe(long una, long next, long retransmitted)
    {
        var from = Math.Max(una, retransmitted);
        var to = Math.Min(LostBefore, next);
        var lost = to > from ? to - from - _sacked.Overlap(from, to) : 0;
        return next - una - _sacked.Overlap(una, next) - lost;
    }

    /// <summary>The first piece at or after <paramref name="from"/> and below <paramref name="limit"/> not reported.</summary>
    public bool NextHole(long from, long limit, out long start, out long end)
    {
        start = from;
        end = limit;
        for (var i = 0; i < _sacked.Count; i++)
        {
            var range = _sacked[i];
            if (range.End <= start)
            {
                continue;
            }

            if (range.Start > start)
            {
                end = Math.Min(limit, range.Start);
                break;
            }

            start = range.End;
        }

        return start < end;
    }
}
