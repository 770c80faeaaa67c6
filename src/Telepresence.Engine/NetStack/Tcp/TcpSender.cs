using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// The send half of a connection: what may go out. Positions count payload bytes from the connection's first; our FIN
/// takes the one after the last byte. It builds no packets: <see cref="TryNext"/> says what the next one is.
/// </summary>
internal sealed partial class TcpSender
{
    private readonly ByteQueue _queue;
    private readonly SequenceNumber _origin;
    private readonly IpStackOptions _options;
    private readonly RttEstimator _rtt = new();
    private readonly RetransmissionQueue _outstanding = new();
    private readonly Rack _rack;
    private readonly ICongestionControl _congestion;
    private readonly int _peerScale;
    private readonly bool _sack;
    private long _una;
    private long _max;
    private long _finPosition = long.MaxValue;
    private long _window;
    private long _maximumWindow;
    private long _windowSegment = long.MinValue;
    private long _windowAcknowledgment;
    private long _lastSentAt;
    private bool _isLimited;

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
        _rack = new Rack(_outstanding, segmentSize);
        _congestion = new Cubic(segmentSize, options.MaximumBuffer);
    }

    public int SegmentSize { get; private set; }
    public SequenceNumber Unacknowledged => Number(_una);

    /// <summary>SND.NXT.</summary>
    public SequenceNumber Highest => Number(_max);
    public long RoundTrip => _rtt.Smoothed;
    public long Retransmits { get; private set; }
    public bool FinishRequested => _finPosition != long.MaxValue;
    public bool FinSent => _max > _finPosition;
    public bool FinAcknowledged => _una > _finPosition;
    public bool HasOutstanding => _una < _max;

    /// <summary>Payload bytes that the peer acknowledged.</summary>
    public long Acknowledged => Math.Min(_una, _finPosition);

    /// <summary>How much the application may have queued: twice what the path takes.</summary>
    public int BufferLimit => (int)Math.Clamp(2L * _congestion.Window, _options.InitialBuffer, _options.MaximumBuffer);

    /// <summary>The path takes no longer ones. What was sent too long is lost, and sent again in pieces.</summary>
    public void LimitSegmentSize(int size) => SegmentSize = Math.Min(SegmentSize, size);

    public void SampleRoundTrip(long roundTrip) => _rtt.Sample(roundTrip);

    /// <summary>No more bytes follow what is queued now.</summary>
    public void Finish() => _finPosition = Math.Min(_finPosition, _queue.Tail);

    public long Position(SequenceNumber number) => number.Unwrap(Number(_una), _una);

    public SequenceNumber Number(long position) => new(_origin.Value + (uint)position);

    /// <summary>Copies payload of a segment.</summary>
    public void Copy(long start, Span<byte> destination) => _queue.CopyTo(start, destination);

    /// <summary>The next segment to send: a retransmission, new data, or nothing.</summary>
    /// <param name="start">Position of its first byte.</param>
    /// <param name="length">Payload bytes; at most <paramref name="maximum"/>.</param>
    /// <param name="fin">Carries our FIN.</param>
    public bool TryNext(int maximum, long now, out long start, out int length, out bool fin)
    {
        if (TryRetransmission(maximum, out start, out length, out fin))
        {
            return true;
        }

        var pipe = Pipe;
        if (_phase == Phase.Open && pipe == 0 && now - _lastSentAt > _rtt.Timeout && _lastSentAt != 0)
        {
            _congestion.OnIdle();
            _lastSentAt = now;
        }

        var window = Window;
        start = _max;
        var end = Math.Min(_queue.Tail, _finPosition);
        var available = Math.Max(0, end - start);
        // Half a window counts as limited: with data coming in pieces a window that must double first never opens.
        _isLimited = 2 * (pipe + available) >= window;
        var wantsFin = start + available == _finPosition && start <= _finPosition;
        if (available == 0)
        {
            fin = wantsFin;
            return fin || TryProbeWithOld(out start, out length, out fin);
        }

        var allowed = Math.Min(_una + _window - start, _isProbing ? SegmentSize : window - pipe);
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

            return TryProbeWithOld(out start, out length, out fin);
        }

        length = (int)count;
        fin = wantsFin && length == available;
        return true;
    }

    /// <summary>The segment that <see cref="TryNext"/> named is out.</summary>
    public void OnSent(long start, int length, bool fin, long now)
    {
        var end = start + length + (fin ? 1 : 0);
        var isRetransmission = start < _max;
        if (isRetransmission)
        {
            Retransmits++;
            OnRetransmitted(start, end, now);
            _outstanding.Retransmit(start, Math.Min(end, _max), now);
        }
        else
        {
            if (!HasOutstanding)
            {
                _retransmissionAt = now + _rtt.Timeout;
            }

            _outstanding.Append(start, end, now);
            _max = end;
        }

        if (_isProbing)
        {
            _isProbing = false;
            _probe.OnSent(_max, isRetransmission);
        }

        _reduction.OnSent(end - start);
        _lastSentAt = now;
        ArmProbe(now);
    }

    /// <summary>RFC 5961 §5.2: an old acknowledgment is fine only within the largest window the peer ever had.</summary>
    public bool IsAcceptableAcknowledgment(long position) =>
        position <= _max && position >= _una - Math.Max(_maximumWindow, ushort.MaxValue);

    private long Window =>
        _phase == Phase.Recovery && _sack ? Math.Min(_reduction.Window, int.MaxValue) : _congestion.Window;

    /// <summary>Bytes on their way. Without SACK each duplicate says that one segment has left.</summary>
    private long Pipe =>
        _sack ? _outstanding.InFlight : Math.Max(0, _outstanding.InFlight - ((long)_duplicates * SegmentSize));

    private void UpdateWindow(long segmentStart, long position, ushort rawWindow)
    {
        if (segmentStart > _windowSegment || (segmentStart == _windowSegment && position >= _windowAcknowledgment))
        {
            _window = (long)rawWindow << _peerScale;
            _maximumWindow = Math.Max(_maximumWindow, _window);
            _windowSegment = segmentStart;
            _windowAcknowledgment = position;
        }
    }

    private bool TryRetransmission(int maximum, out long start, out int length, out bool fin)
    {
        start = 0;
        length = 0;
        fin = false;
        if (!_outstanding.TryGetLost(out var piece))
        {
            _resendFirst = false;
            return false;
        }

        // The first one goes out whatever is in flight (RFC 6675 §5, step 4.3).
        var room = Window - Pipe;
        if (room < Math.Min(SegmentSize, piece.Length) && !_resendFirst)
        {
            return false;
        }

        _resendFirst = false;
        Name(piece.Start, piece.End, Math.Min(maximum, Math.Max(room, SegmentSize)), out start, out length, out fin);
        return true;
    }

    /// <summary>A tail loss probe when there is nothing new that may go out: the last segment once more.</summary>
    private bool TryProbeWithOld(out long start, out int length, out bool fin)
    {
        start = _max;
        length = 0;
        fin = false;
        if (!_isProbing || !HasOutstanding)
        {
            return false;
        }

        Name(Math.Max(_una, _max - SegmentSize), _max, SegmentSize, out start, out length, out fin);
        return true;
    }

    /// <summary>A piece of what was sent as a segment: our FIN has a sequence number, but no byte in the queue.</summary>
    private void Name(long from, long to, long maximum, out long start, out int length, out bool fin)
    {
        start = from;
        length = (int)Math.Min(Math.Min(to, Math.Min(_queue.Tail, _finPosition)) - from, maximum);
        fin = start + length == _finPosition && FinSent;
    }
}
