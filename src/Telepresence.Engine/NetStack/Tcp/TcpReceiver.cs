using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// The receive half of a connection: what is acceptable, order, the window and when to acknowledge. Positions count
/// payload bytes from the connection's first; the peer's FIN takes the one after its last byte.
/// </summary>
internal sealed class TcpReceiver
{
    /// <summary>
    /// Segments after a hole or a duplicate that are acknowledged one by one: a peer in recovery has little in flight, and
    /// each delayed acknowledgment would be a pause. As many as the Linux kernel's.
    /// </summary>
    private const int QuickAcknowledgments = 16;

    /// <summary>Microseconds; readers are woken up later than a local round trip takes.</summary>
    private const int ShortestInterval = 1000;

    private readonly ByteQueue _queue;
    private readonly ReassemblyQueue _reassembly = new();
    private readonly SequenceNumber _origin;
    private readonly int _segmentSize;
    private int _maximum;
    private long _next;
    private long _edge;
    private long _finPosition = long.MaxValue;
    private long _advertisedHead;
    private long _tunedAt;
    private long _tunedHead;
    private long _duplicateStart;
    private long _duplicateEnd;
    private int _limit;
    private int _quick;

    public TcpReceiver(ByteQueue queue, SequenceNumber initial, int segmentSize, IpStackOptions options)
    {
        _queue = queue;
        _origin = initial + 1;
        _segmentSize = segmentSize;
        _limit = options.InitialBuffer;
        _maximum = options.MaximumBuffer;
        while (Scale < 14 && (ushort.MaxValue << Scale) < _maximum)
        {
            Scale++;
        }

        _edge = Math.Min(_limit, ushort.MaxValue);
    }

    /// <summary>The shift to announce in the SYN-ACK, and to use once the peer has agreed to scaling.</summary>
    public int Scale { get; private set; }

    /// <summary>RCV.NXT.</summary>
    public SequenceNumber Next => Number(_next);

    /// <summary>The position that the last acknowledgment named: Last.ACK.sent of RFC 7323 §4.3.</summary>
    public long LastAcknowledged { get; private set; }

    public bool IsFinished => _next > _finPosition;

    /// <summary>Payload bytes received in order.</summary>
    public long Received => Math.Min(_next, _finPosition);

    /// <summary>In-order bytes that no acknowledgment has covered yet.</summary>
    public long Unacknowledged { get; private set; }

    /// <summary>An acknowledgment is due now, not after the delay.</summary>
    public bool AcknowledgeNow { get; set; }

    /// <summary>The reader has to pass this position before a window update is worth a packet.</summary>
    public long UpdateAt => Math.Max(_edge + UpdateThreshold - Limit, _advertisedHead + 1);

    /// <summary>True when the window could be moved by a piece worth telling (RFC 9293 §3.8.6.2.2).</summary>
    public bool WindowUpdateDue =>
        !IsFinished && _queue.Head > _advertisedHead && _queue.Head + Limit - _edge >= UpdateThreshold;

    public bool HasHoles => !_reassembly.IsEmpty;

    /// <summary>Something came twice and the peer was not told yet.</summary>
    public bool HasDuplicate => _duplicateEnd > _duplicateStart;

    private int Limit => _queue.Limit(_limit);

    private int UpdateThreshold => Math.Max(Math.Min(_segmentSize, Limit / 2), Limit / 4);

    /// <summary>The SYN did not offer window scaling: 65,535 bytes is all that can be said.</summary>
    public void DisableScaling()
    {
        Scale = 0;
        _maximum = Math.Min(_maximum, ushort.MaxValue);
        _limit = Math.Min(_limit, _maximum);
    }

    public long Position(SequenceNumber number) => number.Unwrap(Number(_next), _next);

    /// <summary>RFC 9293 §3.10.7.4, first step.</summary>
    public bool IsAcceptable(long start, int length)
    {
        if (length == 0)
        {
            return start >= _next && start <= _edge;
        }

        return start < _edge && start + length > _next;
    }

    /// <summary>In the window in the sense of RFC 5961 §3.2, for RST.</summary>
    public bool IsInWindow(long position) => position >= _next && position < Math.Max(_edge, _next + 1);

    /// <summary>Takes an acceptable segment's payload and FIN. True when in-order bytes or the FIN came.</summary>
    public bool Receive(long start, ReadOnlySpan<byte> payload, bool fin, StackCounters counters)
    {
        var end = start + payload.Length;
        if (start < _next)
        {
            // Partly or wholly old: the peer missed an acknowledgment.
            AcknowledgeNow = true;
            _quick = QuickAcknowledgments;
            NoteDuplicate(start, payload.Length);
            payload = payload[(int)Math.Min(_next - start, payload.Length)..];
            start = Math.Min(_next, end);
        }

        if (end > _edge)
        {
            payload = payload[..(int)Math.Max(0, _edge - start)];
            end = start + payload.Length;
            fin = false;
        }

        // What was offered before memory became scarce is not taken either; its sender tries again.
        if (payload.Length > 0 && Limit < _limit && (start > _next || _queue.Length >= Limit))
        {
            counters.Drop(DropReason.TcpBufferLimit);
            return false;
        }

        if (fin && _finPosition == long.MaxValue)
        {
            _finPosition = end;
        }

        if (end > _finPosition)
        {
            // Bytes beyond a FIN cannot be.
            counters.Drop(DropReason.TcpUnacceptable);
            return false;
        }

        if (start > _next)
        {
            AcknowledgeNow = true;
            _quick = QuickAcknowledgments;
            if (_reassembly.Find(start) is { } known)
            {
                (_duplicateStart, _duplicateEnd) = (start, Math.Min(end, known));
            }

            if (payload.Length > 0 && _reassembly.Add(start, end))
            {
                _queue.WriteAt(start, payload);
            }
            else if (payload.Length > 0)
            {
                counters.Drop(DropReason.TcpReassemblyLimit);
            }

            return false;
        }

        var before = _next;
        if (payload.Length > 0)
        {
            _queue.WriteAt(start, payload);
            _next = end;
            if (!_reassembly.IsEmpty)
            {
                // Filling a hole is told at once (RFC 5681 §4.2).
                AcknowledgeNow = true;
                _next = _reassembly.Advance(_next);
            }

            _queue.CommitTo(_next);
        }

        Unacknowledged += _next - before;
        if (Unacknowledged >= 2 * _segmentSize || _quick > 0)
        {
            AcknowledgeNow = true;
            _quick = Math.Max(0, _quick - 1);
        }

        if (_next == _finPosition)
        {
            _next++;
            AcknowledgeNow = true;
        }

        return _next > before;
    }

    /// <summary>The window field for a segment that is about to be sent; it counts as advertised.</summary>
    public ushort AdvertiseWindow()
    {
        _advertisedHead = _queue.Head;
        var edge = Math.Max(_edge, _advertisedHead + Limit);
        // Small re-openings are not told: the sender would fill them with small segments.
        if (edge - _edge < Math.Min(UpdateThreshold, _segmentSize) && edge > _edge)
        {
            edge = _edge;
        }

        var window = (int)Math.Clamp((edge - _next) >> Scale, 0, ushort.MaxValue);
        _edge = Math.Max(_edge, _next + ((long)window << Scale));
        LastAcknowledged = _next;
        AcknowledgeNow = false;
        Unacknowledged = 0;
        return (ushort)window;
    }

    /// <summary>The window field of a SYN-ACK, which is never scaled.</summary>
    public ushort InitialWindow() => (ushort)_edge;

    /// <summary>A segment lies below RCV.NXT, in part or whole.</summary>
    public void NoteDuplicate(long start, int length)
    {
        if (length > 0 && start < _next && start + length > 0)
        {
            (_duplicateStart, _duplicateEnd) = (start, Math.Min(start + length, _next));
        }
    }

    /// <summary>SACK blocks: first what came twice (RFC 2883 §4), once, then what lies beyond the holes.</summary>
    public void Report(ref TcpOptions options)
    {
        if (HasDuplicate)
        {
            options.AddSackBlock(new SackBlock(Number(_duplicateStart), Number(_duplicateEnd)));
            _duplicateEnd = _duplicateStart;
        }

        _reassembly.Report(ref options, _origin);
    }

    /// <summary>
    /// Dynamic right-sizing: when the reader takes more than half a window in a round trip, the window is what limits.
    /// </summary>
    public void Tune(long now, long roundTrip)
    {
        var interval = Math.Max(roundTrip, ShortestInterval);
        var passed = now - _tunedAt;
        if (passed < interval)
        {
            return;
        }

        var head = _queue.Head;
        // Of one round trip: where many flows take turns, a flow is looked at after many, and would grow without need.
        var taken = (head - _tunedHead) * interval / passed;
        _tunedAt = now;
        _tunedHead = head;
        if (taken * 2 > _limit)
        {
            _limit = (int)Math.Min(_maximum, Math.Max(_limit, taken * 2));
        }
    }

    private SequenceNumber Number(long position) => new(_origin.Value + (uint)position);
}
