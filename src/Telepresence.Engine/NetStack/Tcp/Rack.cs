namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// RACK (RFC 8985 §6.2): a segment is lost when one sent later has arrived and it itself had time to arrive too. The time
/// it gets, the reordering window, follows what the path has shown. Times are the loop's microseconds.
/// </summary>
internal sealed class Rack(RetransmissionQueue queue, int segmentSize)
{
    /// <summary>DupThresh of RFC 8985 §6.2.</summary>
    private const int Threshold = 3;

    /// <summary>Recoveries after which a widened window narrows again (RFC 8985 §6.2, <c>reo_wnd_persist</c>).</summary>
    private const int Persistence = 16;

    /// <summary>As long as the Linux kernel's minimum filter: a path that became longer is believed then.</summary>
    private const long MinimumLifetime = 300_000_000;

    private long _sentAt = -1;
    private long _end;
    private long _forward;
    private long _minimum = long.MaxValue;
    private long _minimumAt;
    private long _now;
    private long _duplicateRound = -1;
    private int _multiplier = 1;
    private int _persist = Persistence;

    /// <summary>Bytes newly delivered by the acknowledgment at hand.</summary>
    public long Delivered { get; private set; }

    /// <summary>Round trip of the youngest segment delivered by the acknowledgment at hand; -1: it gave no sample.</summary>
    public long Sample { get; private set; }

    /// <summary>Round trip of the youngest segment delivered so far (<c>RACK.rtt</c>); 0: none yet.</summary>
    public long RoundTrip { get; private set; }

    /// <summary>The path has put segments out of order (<c>RACK.reordering_seen</c>).</summary>
    public bool HasSeenReordering { get; private set; }

    /// <summary>An acknowledgment is about to be taken.</summary>
    public void Begin(long now)
    {
        _now = now;
        Delivered = 0;
        Sample = -1;
    }

    /// <summary>A piece was acknowledged or reported for the first time.</summary>
    public void OnDelivered(in Transmission piece)
    {
        Delivered += piece.Length;
        var roundTrip = _now - piece.SentAt;
        if (piece.IsRetransmitted)
        {
            // Then it answers an earlier transmission (RFC 8985 §6.2, step 2). The echoed timestamp says nothing here: a
            // segment beyond a hole does not change it.
            if (roundTrip < _minimum)
            {
                return;
            }
        }
        else
        {
            HasSeenReordering |= piece.End < _forward;
            Sample = Sample < 0 ? roundTrip : Math.Min(Sample, roundTrip);
            if (roundTrip <= _minimum || _now - _minimumAt > MinimumLifetime)
            {
                _minimum = roundTrip;
                _minimumAt = _now;
            }
        }

        _forward = Math.Max(_forward, piece.End);
        if (piece.IsSentAfter(_sentAt, _end))
        {
            _sentAt = piece.SentAt;
            _end = piece.End;
            RoundTrip = roundTrip;
        }
    }

    /// <summary>The peer reported a duplicate (RFC 2883): the window was too narrow, once a round trip.</summary>
    public void OnDuplicateReported(long una, long next)
    {
        if (_duplicateRound >= 0 && una < _duplicateRound)
        {
            return;
        }

        _duplicateRound = next;
        _multiplier++;
        _persist = Persistence;
    }

    /// <summary>What was sent again had only been late: segments are out of order, although no hole shows it.</summary>
    public void OnSpuriousRetransmission() => HasSeenReordering = true;

    /// <summary>A recovery is over.</summary>
    public void OnRecovered()
    {
        if (--_persist <= 0)
        {
            _persist = Persistence;
            _multiplier = 1;
        }
    }

    /// <summary>
    /// Marks what is lost (RFC 8985 §6.2, step 5). Returns when to look again, or <see cref="TimerHeap.Never"/>.
    /// </summary>
    /// <param name="smoothed">The estimator's round trip, which bounds the reordering window.</param>
    public long DetectLoss(long now, long smoothed, bool inRecovery)
    {
        var again = TimerHeap.Never;
        if (_sentAt < 0)
        {
            return again;
        }

        var patience = RoundTrip + Window(smoothed, inRecovery);
        for (var i = 0; i < queue.Count; i++)
        {
            ref readonly var piece = ref queue[i];
            if (piece.State != TransmissionState.InFlight || piece.IsSentAfter(_sentAt, _end - 1))
            {
                continue;
            }

            var due = piece.SentAt + patience;
            if (due <= now)
            {
                queue.MarkLost(i);
            }
            else
            {
                again = Math.Min(again, due);
            }
        }

        return again;
    }

    /// <summary>
    /// The retransmission timer expired: the first segment is lost, and what had its time (RFC 8985 §6.3).
    /// </summary>
    public void MarkLostOnTimeout(long now, long smoothed)
    {
        var patience = RoundTrip + Window(smoothed, inRecovery: true);
        for (var i = 0; i < queue.Count; i++)
        {
            if (queue[i].State == TransmissionState.InFlight && (i == 0 || queue[i].SentAt + patience <= now))
            {
                queue.MarkLost(i);
            }
        }
    }

    private long Window(long smoothed, bool inRecovery)
    {
        if (!HasSeenReordering && (inRecovery || queue.Sacked > (Threshold - 1) * segmentSize))
        {
            return 0;
        }

        return _minimum == long.MaxValue ? 0 : Math.Min(_multiplier * _minimum / 4, smoothed);
    }
}
