using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// The send half of a connection: what may go out, what is lost and sent again, the retransmission and persist timers.
/// Positions count payload bytes from the connection's first; our FIN takes the one after the last byte. It builds no
/// packets: <see cref="TryNext"/> says what the next one is.
/// </summary>
internal sealed class TcpSender
{
    private readonly ByteQueue _queue;
    private readonly SequenceNumber _origin;
    private readonly IpStackOptions _options;
    private readonly RttEstimator _rtt = new();
    private readonly SackScoreboard _scoreboard;
    private readonly ICongestionControl _congestion;
    private readonly int _peerScale;
    private readonly bool _sack;
    private long _una;
    private long _next;
    private long _max;
    private long _finPosition = long.MaxValue;
    private long _window;
    private long _maximumWindow;
    private long _windowSegment = long.MinValue;
    private long _windowAcknowledgment;
    private long _recover;
    private long _retransmitted;
    private long _timedPosition = -1;
    private long _timedAt;
    private long _lastSentAt;
    private long _firstTimeoutAt;
    private int _duplicates;
    private bool _inRecovery;
    private bool _limited;
    private bool _resendFirst;

    /// <param name="segmentSize">Payload bytes of a full segment, options taken off.</param>
    public TcpSender(
        ByteQueue queue,
        SequenceNumber initial,
        int segmentSize,
        int peerScale,
        bool sack,
        int initialWindow,
        IpStackOptions options
    )
    {
        _queue = queue;
        _origin = initial + 1;
        SegmentSize = segmentSize;
        _peerScale = peerScale;
        _sack = sack;
        _window = initialWindow;
        _maximumWindow = initialWindow;
        _options = options;
        _scoreboard = new SackScoreboard(segmentSize);
        _congestion = new Cubic(segmentSize, options.MaximumBuffer);
    }

    public int SegmentSize { get; }
    public SequenceNumber Next => Number(_next);
    public SequenceNumber Unacknowledged => Number(_una);

    /// <summary>SND.NXT as the peer may know it, after a time-out has set the own one back.</summary>
    public SequenceNumber Highest => Number(_max);
    public long RoundTrip => _rtt.Smoothed;
    public long Retransmits { get; private set; }
    public bool FinishRequested => _finPosition != long.MaxValue;
    public bool FinSent => _max > _finPosition;
    public bool FinAcknowledged => _una > _finPosition;
    public bool HasOutstanding => _una < _max;
    public bool InRecovery => _inRecovery;
    public int CongestionWindow => _congestion.Window;

    /// <summary>Payload bytes that the peer acknowledged.</summary>
    public long Acknowledged => Math.Min(_una, _finPosition);

    /// <summary>Retransmission or persist timer, in the loop's microseconds.</summary>
    public long Deadline { get; private set; } = TimerHeap.Never;

    /// <summary>How much the application may have queued: twice what the path takes.</summary>
    public int BufferLimit => (int)Math.Clamp(2L * _congestion.Window, _options.InitialBuffer, _options.MaximumBuffer);

    public void SampleRoundTrip(long roundTrip) => _rtt.Sample(roundTrip);

    /// <summary>No more bytes follow what is queued now.</summary>
    public void Finish() => _finPosition = Math.Min(_finPosition, _queue.Tail);

    public long Position(SequenceNumber number) => number.Unwrap(Number(_una), _una);

    /// <summary>RFC 5961 §5.2: an old acknowledgment is fine only within the largest window the peer ever had.</summary>
    public bool IsAcceptableAcknowledgment(long position) =>
        position <= _max && position >= _una - Math.Max(_maximumWindow, ushort.MaxValue);

    /// <summary>An acknowledgment of an acceptable segment. True when it acknowledged something new.</summary>
    public bool OnAcknowledgment(
        long position,
        long segmentStart,
        ushort rawWindow,
        bool hasPayload,
        in TcpOptions options,
        long now
    )
    {
        var oldWindow = _window;
        if (segmentStart > _windowSegment || (segmentStart == _windowSegment && position >= _windowAcknowledgment))
        {
            _window = (long)rawWindow << _peerScale;
            _maximumWindow = Math.Max(_maximumWindow, _window);
            _windowSegment = segmentStart;
            _windowAcknowledgment = position;
        }

        var newlySacked = _sack && TakeSackBlocks(options);
        if (position > _una)
        {
            OnNewData(position, now);
            return true;
        }

        if (_window > 0 && oldWindow == 0)
        {
            // Persist is over; what was probed counts as sent again from here.
            Deadline = HasOutstanding ? now + _rtt.Timeout : TimerHeap.Never;
            _rtt.ResetBackOff();
        }

        if (_window == 0)
        {
            // The peer lives and says so: probing goes on for as long as it takes (RFC 9293 §3.8.6.1).
            _firstTimeoutAt = 0;
        }

        if (_sack)
        {
            if (newlySacked)
            {
                DetectLoss(now);
            }
        }
        else if (position == _una && HasOutstanding && !hasPayload && _window == oldWindow)
        {
            _duplicates++;
            DetectLoss(now);
        }

        return false;
    }

    /// <summary>The next segment to send: a retransmission, new data, or nothing.</summary>
    /// <param name="start">Position of its first byte.</param>
    /// <param name="length">Payload bytes; at most <paramref name="maximum"/>.</param>
    /// <param name="fin">Carries our FIN.</param>
    public bool TryNext(int maximum, long now, out long start, out int length, out bool fin)
    {
        var window = _congestion.Window;
        var pipe = Pipe();
        if (NextRetransmission(window - pipe, out start, out length))
        {
            length = Math.Min(length, maximum);
            fin = start + length == _finPosition && FinSent;
            return true;
        }

        start = _next;
        length = 0;
        fin = false;
        if (!_inRecovery && _next == _max && pipe == 0 && now - _lastSentAt > _rtt.Timeout && _lastSentAt != 0)
        {
            _congestion.OnIdle();
            window = _congestion.Window;
            _lastSentAt = now;
        }

        var end = Math.Min(_queue.Tail, _finPosition);
        if (_next < _max && !_scoreboard.IsEmpty)
        {
            // Behind a time-out: skip what the peer has reported.
            if (_scoreboard.NextHole(_next, _max, out var hole, out var holeEnd))
            {
                _next = start = hole;
                end = Math.Min(end, holeEnd);
            }
            else
            {
                _next = start = _max;
            }
        }

        var available = Math.Max(0, end - start);
        // Half a window counts as limited: with data coming in pieces a window that must double first never opens.
        _limited = 2 * (pipe + available) >= window;
        var wantsFin = start + available == _finPosition && _next <= _finPosition;
        if (available == 0)
        {
            fin = wantsFin;
            return fin;
        }

        // What was sent once was within the window then; a peer that has shrunk it still must see the first byte again.
        var edge = start < _max ? Math.Max(_una + _window, _max) : _una + _window;
        var allowed = Math.Min(edge - start, window - pipe);
        var count = Math.Min(Math.Min(available, maximum), allowed);
        if (count < available && count > SegmentSize)
        {
            count -= count % SegmentSize;
        }

        // Sender-side silly window avoidance (RFC 9293 §3.8.6.2.1), without Nagle: small final pieces go at once.
        if (count <= 0 || (count < available && count < SegmentSize && count < _maximumWindow / 2))
        {
            if (_una + _window - start < Math.Min(available, SegmentSize) && !HasOutstanding)
            {
                ArmPersist(now);
            }

            return false;
        }

        length = (int)count;
        fin = wantsFin && length == available;
        return true;
    }

    /// <summary>The segment that <see cref="TryNext"/> named is out.</summary>
    public void OnSent(long start, int length, bool fin, long now)
    {
        var end = start + length + (fin ? 1 : 0);
        if (!HasOutstanding)
        {
            Deadline = now + _rtt.Timeout;
        }

        if (start < _max)
        {
            Retransmits++;
            _timedPosition = -1;
            _retransmitted = Math.Max(_retransmitted, end);
        }
        else if (_timedPosition < 0)
        {
            _timedPosition = end;
            _timedAt = now;
        }

        _resendFirst = false;
        _next = Math.Max(_next, end);
        _max = Math.Max(_max, end);
        _lastSentAt = now;
    }

    /// <summary>Copies payload of a segment.</summary>
    public void Copy(long start, Span<byte> destination) => _queue.CopyTo(start, destination);

    public SequenceNumber Number(long position) => new(_origin.Value + (uint)position);

    /// <summary>
    /// The timer of <see cref="Deadline"/> expired. What is due: nothing (the loop sends what became possible), a
    /// window probe, or the end.
    /// </summary>
    public SenderTimeout OnTimer(long now)
    {
        if (_firstTimeoutAt == 0)
        {
            _firstTimeoutAt = now;
        }
        else if (now - _firstTimeoutAt > _options.AbortAfter.TotalMicroseconds)
        {
            return SenderTimeout.GiveUp;
        }

        if (!HasOutstanding)
        {
            _rtt.BackOff();
            Deadline = now + _rtt.Timeout;
            return SenderTimeout.Probe;
        }

        if (_rtt.BackOffs > 0)
        {
            // A second time-out in a row: the peer may have discarded what it reported (RFC 2018 §8).
            _scoreboard.Clear();
        }

        _rtt.BackOff();
        _congestion.OnTimeout((int)(_max - _una), now);
        _inRecovery = false;
        _recover = _max;
        _retransmitted = _una;
        _duplicates = 0;
        _timedPosition = -1;
        _next = _una;
        _scoreboard.MarkAllLost(_una);
        Deadline = now + _rtt.Timeout;
        return SenderTimeout.Retransmit;
    }

    private void OnNewData(long position, long now)
    {
        var acknowledged = position - _una;
        _una = position;
        _queue.ConsumeTo(Math.Min(position, Math.Min(_queue.Tail, _finPosition)));
        _next = Math.Max(_next, _una);
        _scoreboard.Advance(_una);
        _scoreboard.Update(_una);
        _duplicates = 0;
        _firstTimeoutAt = 0;
        if (_timedPosition >= 0 && _una >= _timedPosition)
        {
            _rtt.Sample(now - _timedAt);
            _timedPosition = -1;
        }

        _rtt.ResetBackOff();
        if (_inRecovery)
        {
            if (_una >= _recover)
            {
                _inRecovery = false;
            }
            else if (!_sack)
            {
                // NewReno's partial acknowledgment (RFC 6582 §3.2): the next hole begins right here.
                _resendFirst = true;
            }
        }
        else
        {
            _congestion.OnAcknowledged((int)Math.Min(acknowledged, int.MaxValue), now, _rtt.Smoothed, _limited);
            if (!_scoreboard.IsEmpty)
            {
                DetectLoss(now);
            }
        }

        Deadline = HasOutstanding ? now + _rtt.Timeout : TimerHeap.Never;
    }

    private bool TakeSackBlocks(in TcpOptions options)
    {
        var before = _scoreboard.SackedBytes;
        for (var i = 0; i < options.SackBlockCount; i++)
        {
            var block = options.GetSackBlock(i);
            var start = Position(block.Start);
            var end = Position(block.End);
            if (start < end && start >= _una && end <= _max)
            {
                _scoreboard.Add(start, end);
            }
        }

        if (_scoreboard.SackedBytes == before)
        {
            return false;
        }

        _scoreboard.Update(_una);
        return true;
    }

    private void DetectLoss(long now)
    {
        if (_inRecovery || _next < _max)
        {
            return;
        }

        var lost = _sack ? _scoreboard.LostBefore > _una : _duplicates >= 3;
        // Without SACK, duplicates of what a time-out has sent again must not start a second recovery (RFC 6582 §4).
        if (!lost || (!_sack && _una < _recover))
        {
            return;
        }

        _inRecovery = true;
        _recover = _max;
        _retransmitted = _una;
        _timedPosition = -1;
        _congestion.OnLoss((int)(_max - _una), now);
        _resendFirst = true;
        Deadline = now + _rtt.Timeout;
    }

    private long Pipe() =>
        _sack
            ? _scoreboard.Pipe(_una, _next, _retransmitted)
            : Math.Max(0, _next - _una - (long)_duplicates * SegmentSize);

    private bool NextRetransmission(long room, out long start, out int length)
    {
        start = 0;
        length = 0;
        if (!_inRecovery)
        {
            return false;
        }

        long end;
        if (_sack)
        {
            // The first one goes out whatever the pipe says (RFC 6675 §5, step 4.3).
            if (room < SegmentSize && !_resendFirst)
            {
                return false;
            }

            var from = Math.Max(_una, _retransmitted);
            if (!_scoreboard.NextHole(from, Math.Min(_scoreboard.LostBefore, _max), out start, out end))
            {
                _resendFirst = false;
                return false;
            }
        }
        else
        {
            if (!_resendFirst)
            {
                return false;
            }

            start = _una;
            end = Math.Min(_una + SegmentSize, _max);
        }

        // Our FIN has a sequence number, but no byte in the queue.
        end = Math.Min(end, Math.Min(_queue.Tail, _finPosition));
        length = (int)Math.Max(0, Math.Min(end - start, Math.Max(room, SegmentSize)));
        return length > 0 || start == _finPosition;
    }

    private void ArmPersist(long now)
    {
        if (Deadline == TimerHeap.Never)
        {
            Deadline = now + _rtt.Timeout;
        }
    }
}
