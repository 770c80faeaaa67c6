using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>What acknowledgments and timers say about loss, and what follows: RACK-TLP (RFC 8985), RFC 6298, RFC 6582.</summary>
internal sealed partial class TcpSender
{
    /// <summary>Duplicates that tell a loss where there is no SACK (RFC 5681 §3.2).</summary>
    private const int DuplicateThreshold = 3;

    private TailLossProbe _probe;
    private ProportionalRateReduction _reduction;
    private Phase _phase;
    private long _recover;
    private long _retransmissionAt = TimerHeap.Never;
    private long _probeAt = TimerHeap.Never;
    private long _reorderAt = TimerHeap.Never;
    private long _firstTimeoutAt;
    private long _firstRetransmissionAt;
    private long _undoBytes;
    private readonly ByteRanges _resent = new();
    private long _sampleAfter;
    private int _duplicates;
    private bool _mayUndo;
    private bool _isProbing;
    private bool _resendFirst;

    private enum Phase
    {
        Open,

        /// <summary>Loss was inferred from acknowledgments; what was outstanding then is not yet acknowledged.</summary>
        Recovery,

        /// <summary>The same after the retransmission timer.</summary>
        Timeout,
    }

    /// <summary>The earliest of retransmission or persist, probe and reordering timer, in the loop's microseconds.</summary>
    public long Deadline => Math.Min(Math.Min(_retransmissionAt, _probeAt), _reorderAt);

    /// <summary>An acknowledgment of an acceptable segment. True when it acknowledged something new.</summary>
    /// <param name="echoedAt">
    /// When the timestamp that it echoes was sent, in the loop's microseconds down to the millisecond; -1: none.
    /// </param>
    public bool OnAcknowledgment(
        long position,
        long segmentStart,
        ushort rawWindow,
        bool hasPayload,
        in TcpOptions options,
        long echoedAt,
        long now
    )
    {
        var oldWindow = _window;
        UpdateWindow(segmentStart, position, rawWindow);
        var lost = _outstanding.Lost;
        var isNew = position > _una;
        var acknowledged = Math.Max(0, position - _una);
        _rack.Begin(now);
        if (isNew)
        {
            _outstanding.Acknowledge(position, _rack);
            Advance(position);
        }
        else
        {
            OnNothingNew(oldWindow, now);
        }

        var reported = _sack ? TakeSackBlocks(options, position) : 0;
        if (reported > 0)
        {
            OnDuplicateReported(reported);
        }
        else if (!_sack && position == _una && !isNew && HasOutstanding && !hasPayload && _window == oldWindow)
        {
            _duplicates++;
        }

        Sample();
        LeaveOrUndo(isNew, echoedAt);
        DetectLoss(isNew, now);
        var isDuplicate = !isNew && !hasPayload && _window == oldWindow && options.SackBlockCount == 0;
        if (_probe.OnAcknowledged(position, reported > 0, isDuplicate) && _phase == Phase.Open)
        {
            _congestion.OnLoss((int)Math.Min(_max - _una + acknowledged, int.MaxValue));
        }

        if (_phase == Phase.Recovery)
        {
            var progresses = isNew && _outstanding.Lost <= lost;
            _reduction.OnAcknowledged(_rack.Delivered, Pipe, SegmentSize, progresses);
        }
        else if (isNew)
        {
            var bytes = (int)Math.Min(acknowledged, int.MaxValue);
            _congestion.OnAcknowledged(new(bytes, now, _rtt.Smoothed, _rack.Sample, _una, _max, _isLimited));
        }

        if (isNew)
        {
            _retransmissionAt = HasOutstanding ? now + _rtt.Timeout : TimerHeap.Never;
        }

        ArmProbe(now);
        return isNew;
    }

    /// <summary>
    /// The timer of <see cref="Deadline"/> expired. What is due: nothing (the loop sends what became possible), a
    /// window probe, or the end.
    /// </summary>
    public SenderTimeout OnTimer(long now)
    {
        if (_reorderAt <= now)
        {
            DetectLoss(isNew: false, now);
        }

        if (_probeAt <= now)
        {
            _probeAt = TimerHeap.Never;
            _isProbing = true;
            _retransmissionAt = now + _rtt.Timeout;
        }

        return _retransmissionAt <= now ? OnRetransmissionTimer(now) : SenderTimeout.Retransmit;
    }

    private SenderTimeout OnRetransmissionTimer(long now)
    {
        if (_firstTimeoutAt == 0)
        {
            _firstTimeoutAt = now;
        }
        else if (now - _firstTimeoutAt > _options.AbortAfter.TotalMicroseconds)
        {
            return SenderTimeout.GiveUp;
        }

        if (_rtt.BackOffs > 0)
        {
            // A second time-out in a row: the peer may have discarded what it reported (RFC 2018 §8).
            _outstanding.ForgetSacked();
        }

        _rtt.BackOff();
        _retransmissionAt = now + _rtt.Timeout;
        if (!HasOutstanding)
        {
            return SenderTimeout.Probe;
        }

        var isFirst = _phase == Phase.Open;
        if (isFirst)
        {
            BeginEpisode();
        }

        _congestion.OnTimeout((int)Math.Min(_max - _una, int.MaxValue), isFirst);
        _rack.MarkLostOnTimeout(now, _rtt.Smoothed);
        _phase = Phase.Timeout;
        _recover = _max;
        _duplicates = 0;
        _resendFirst = true;
        _reorderAt = TimerHeap.Never;
        return SenderTimeout.Retransmit;
    }

    private void Advance(long position)
    {
        _una = position;
        _queue.ConsumeTo(Math.Min(position, Math.Min(_queue.Tail, _finPosition)));
        _duplicates = 0;
        _firstTimeoutAt = 0;
        _rtt.ResetBackOff();
    }

    private void OnNothingNew(long oldWindow, long now)
    {
        if (_window > 0 && oldWindow == 0)
        {
            // Persist is over; what was probed counts as sent again from here.
            _retransmissionAt = HasOutstanding ? now + _rtt.Timeout : TimerHeap.Never;
            _rtt.ResetBackOff();
        }

        if (_window == 0)
        {
            // The peer lives and says so: probing goes on for as long as it takes (RFC 9293 §3.8.6.1).
            _firstTimeoutAt = 0;
        }
    }

    /// <summary>
    /// Records what is reported; returns the bytes reported as duplicates (RFC 2883 §4) that were sent again lately: the
    /// network may double packets too.
    /// </summary>
    private long TakeSackBlocks(in TcpOptions options, long acknowledged)
    {
        long duplicate = 0;
        long from = 0;
        // In the stream's order, whatever theirs is: else what two blocks report at once looks like reordering.
        for (var taken = 0; taken < options.SackBlockCount; taken++)
        {
            long start = long.MaxValue;
            long end = 0;
            for (var i = 0; i < options.SackBlockCount; i++)
            {
                var block = options.GetSackBlock(i);
                var position = Position(block.Start);
                if (i == 0 && IsDuplicateReport(options, acknowledged))
                {
                    duplicate = _resent.Overlap(position, Position(block.End));
                }
                else if (position >= from && position < start)
                {
                    start = position;
                    end = Position(block.End);
                }
            }

            if (start < end && start >= _una && end <= _max)
            {
                _outstanding.Sack(start, end, _rack);
            }

            from = start == long.MaxValue ? start : start + 1;
        }

        return duplicate;
    }

    private bool IsDuplicateReport(in TcpOptions options, long acknowledged)
    {
        var first = options.GetSackBlock(0);
        var end = Position(first.End);
        if (end <= acknowledged)
        {
            return true;
        }

        return options.SackBlockCount > 1
            && options.GetSackBlock(1) is var second
            && Position(first.Start) >= Position(second.Start)
            && end <= Position(second.End);
    }

    private void OnDuplicateReported(long bytes)
    {
        if (!_probe.IsOut)
        {
            _rack.OnDuplicateReported(_una, _max);
        }

        _undoBytes -= bytes;
        if (_mayUndo && _undoBytes <= 0)
        {
            // All that was sent again had arrived before.
            Undo();
        }
    }

    private void OnRetransmitted(long start, long end, long now)
    {
        _undoBytes += end - start;
        _mayUndo &= _resent.Add(start, end);
        if (_firstRetransmissionAt == 0)
        {
            _firstRetransmissionAt = now;
        }
    }

    /// <summary>One sample a round trip: RFC 6298's gains are meant for that.</summary>
    private void Sample()
    {
        if (_rack.Sample >= 0 && _una >= _sampleAfter)
        {
            _rtt.Sample(_rack.Sample);
            _sampleAfter = _max;
        }
    }

    private void LeaveOrUndo(bool isNew, long echoedAt)
    {
        if (_phase == Phase.Open || !isNew)
        {
            return;
        }

        // Eifel detection (RFC 3522): the acknowledgment answers what was sent before the first retransmission.
        var isSpurious =
            _mayUndo
            && echoedAt >= 0
            && _firstRetransmissionAt > 0
            && echoedAt < _firstRetransmissionAt - (_firstRetransmissionAt % 1000);
        var isOver = _una >= _recover;
        if (isSpurious && (isOver || _phase == Phase.Timeout))
        {
            Undo();
        }
        else if (isOver)
        {
            _phase = Phase.Open;
            _rack.OnRecovered();
        }
        else if (!_sack && _phase == Phase.Recovery)
        {
            // NewReno's partial acknowledgment (RFC 6582 §3.2): the next hole begins right here.
            _outstanding.MarkFirstLost(SegmentSize);
            _resendFirst = true;
        }
    }

    private void Undo()
    {
        _phase = Phase.Open;
        _mayUndo = false;
        _outstanding.ForgetLost();
        _congestion.Undo();
        _rack.OnSpuriousRetransmission();
    }

    private void DetectLoss(bool isNew, long now)
    {
        _reorderAt = TimerHeap.Never;
        if (_sack)
        {
            if (_outstanding.Sacked > 0 || _phase != Phase.Open)
            {
                _reorderAt = _rack.DetectLoss(now, _rtt.Smoothed, _phase != Phase.Open);
            }
        }
        else if (!isNew && _phase == Phase.Open && _duplicates >= DuplicateThreshold)
        {
            _outstanding.MarkFirstLost(SegmentSize);
        }

        if (_outstanding.Lost > 0 && _phase == Phase.Open)
        {
            EnterRecovery(now);
        }
    }

    private void EnterRecovery(long now)
    {
        BeginEpisode();
        _phase = Phase.Recovery;
        _recover = _max;
        _congestion.OnLoss((int)Math.Min(_max - _una, int.MaxValue));
        _reduction.Begin(_max - _una, _congestion.Window);
        _resendFirst = true;
        _retransmissionAt = now + _rtt.Timeout;
    }

    private void BeginEpisode()
    {
        _probe.Cancel();
        _isProbing = false;
        _mayUndo = true;
        _undoBytes = 0;
        _resent.Clear();
        _firstRetransmissionAt = 0;
    }

    private void ArmProbe(long now)
    {
        var isDue = _sack && _phase == Phase.Open && HasOutstanding && _outstanding.Sacked == 0;
        _probeAt =
            isDue && !_probe.IsOut && !_isProbing && _rtt.BackOffs == 0
                ? TailLossProbe.Deadline(now, _rtt.Smoothed, _max - _una <= SegmentSize, _retransmissionAt)
                : TimerHeap.Never;
    }

    private void ArmPersist(long now)
    {
        if (_retransmissionAt == TimerHeap.Never)
        {
            _retransmissionAt = now + _rtt.Timeout;
        }
    }
}
