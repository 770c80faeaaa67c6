using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// The state machine of RFC 9293 §3.10 for one connection, on its loop. Input is here, output is in the sender's and the
/// receiver's rules and in <see cref="TcpConnection"/>'s other part.
/// </summary>
internal sealed partial class TcpConnection : ITimed
{
    private const long SynAckTimeout = 1_000_000;
    private const int SynAckRetries = 5;

    private const int TimestampsLength = 12;
    private readonly LoopContext _loop;
    private readonly TcpTable _table;
    private readonly TcpFlow _flow;
    private readonly FlowKey _key;
    private readonly SequenceNumber _peerInitial;
    private readonly SequenceNumber _initial;
    private readonly TcpOptions _synOptions;
    private readonly ushort _synWindow;
    private readonly bool _timestamps;
    private readonly uint _timestampOffset;
    private readonly TcpReceiver _receiver;
    private readonly TcpSender _sender;
    private uint _recentTimestamp;
    private long _recentTimestampAt;
    private long _stateDeadline = TimerHeap.Never;
    private long _delayedAcknowledgmentAt = TimerHeap.Never;
    private long _lastHeard;
    private long _synAckSentAt;
    private int _synAckTries;
    private int _keepAliveProbes;
    private bool _isQueued;
    private bool _finishedReading;

    public TcpConnection(LoopContext loop, TcpTable table, in FlowKey key, in TcpSegment syn, in TcpOptions options)
    {
        _loop = loop;
        _table = table;
        _key = key;
        _flow = new TcpFlow(loop, key) { Connection = this };
        Place = new LinkedListNode<TcpConnection>(this);
        _peerInitial = syn.Sequence;
        _synOptions = options;
        _synWindow = syn.Window;
        _timestamps = options.HasTimestamps;
        _recentTimestamp = options.TimestampValue;
        _recentTimestampAt = loop.Now;
        (_initial, _timestampOffset) = table.Initial.For(key, loop.Now);
        LocalSegmentSize = (ushort)Math.Min(loop.Mtu - HeaderLength, ushort.MaxValue);
        // RFC 9293 §3.7.1: a SYN without the option means the default of its family.
        var peerSize = options.MaximumSegmentSize ?? (key.Source.IsIPv4 ? 536 : 1220);
        var segmentSize = Math.Max(
            64,
            Math.Min((int)LocalSegmentSize, peerSize) - (_timestamps ? TimestampsLength : 0)
        );
        _receiver = new TcpReceiver(_flow.ReceiveQueue, syn.Sequence, segmentSize, loop.Options);
        var scaling = options.WindowScale is not null;
        if (!scaling)
        {
            _receiver.DisableScaling();
        }

        _sender = new TcpSender(
            _flow.SendQueue,
            _initial,
            segmentSize,
            options.WindowScale ?? 0,
            options.SackPermitted,
            _synWindow,
            loop.Options
        );
    }

    public TcpState State { get; private set; } = TcpState.SynPending;
    public TcpFlow Flow => _flow;
    public FlowKey Key => _key;

    /// <summary>The table's: where the connection stands among the half-open ones or those in TIME-WAIT.</summary>
    public LinkedListNode<TcpConnection> Place { get; }
    public long BytesFromApplication => _receiver.Received;
    public long BytesToApplication => _sender.Acknowledged;
    public long RoundTrip => _sender.RoundTrip;
    public long Retransmits => _sender.Retransmits;
    public int HeapIndex { get; set; } = -1;
    public long HeapDeadline { get; set; }

    private int HeaderLength =>
        (_key.Source.IsIPv4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength)
        + TcpSegment.MinimumHeaderLength;

    /// <summary>The MSS we announce.</summary>
    private ushort LocalSegmentSize { get; }

    /// <summary>A segment of this connection, checksum already verified.</summary>
    public void OnSegment(in TcpSegment segment, in TcpOptions options)
    {
        if (State == TcpState.SynPending)
        {
            // A repeated SYN is absorbed: the dial is under way. RST means that the application has given up.
            if (segment.Has(TcpFlags.Reset) && segment.Sequence == _peerInitial + 1)
            {
                Close("The application gave up connecting.");
            }

            return;
        }

        var start = _receiver.Position(segment.Sequence);
        var length = segment.SequenceLength;
        if (_timestamps && options.HasTimestamps && !segment.Has(TcpFlags.Reset) && IsOldTimestamp(options))
        {
            _loop.Counters.Drop(DropReason.TcpPaws);
            AnswerUnacceptable(segment);
            return;
        }

        if (!_receiver.IsAcceptable(start, length))
        {
            OnUnacceptable(segment, start);
            return;
        }

        if (segment.Has(TcpFlags.Reset))
        {
            OnReset(segment);
            return;
        }

        if (segment.Has(TcpFlags.Syn))
        {
            if (State == TcpState.SynReceived && IsOpenedBy(segment))
            {
                SendSynAck();
            }
            else
            {
                Challenge();
            }

            return;
        }

        if (!segment.Has(TcpFlags.Acknowledgment))
        {
            _loop.Counters.Drop(DropReason.TcpUnacceptable);
            return;
        }

        if (_timestamps && options.HasTimestamps && start <= _receiver.LastAcknowledged)
        {
            _recentTimestamp = options.TimestampValue;
            _recentTimestampAt = _loop.Now;
        }

        _lastHeard = _loop.Now;
        _keepAliveProbes = 0;
        var acknowledged = _sender.Position(segment.Acknowledgment);
        if (State == TcpState.SynReceived && !TryEstablish(segment, acknowledged))
        {
            return;
        }

        if (!_sender.IsAcceptableAcknowledgment(acknowledged))
        {
            Challenge();
            return;
        }

        OnAcknowledgment(segment, options, start, acknowledged);
        if (State != TcpState.Closed)
        {
            OnPayload(segment, start);
        }
    }

    /// <summary>What the handler's threads asked for.</summary>
    public void OnSignals(FlowSignals signals)
    {
        if (State == TcpState.Closed)
        {
            return;
        }

        if ((signals & FlowSignals.Abort) != 0)
        {
            Reset("The flow was aborted.");
            return;
        }

        if (State == TcpState.SynPending)
        {
            OnAnswer(signals);
            return;
        }

        if ((signals & FlowSignals.CompleteWrite) != 0)
        {
            OnCompleteWrite();
        }

        QueueOutput();
    }

    public void OnTimer(long now)
    {
        if (_delayedAcknowledgmentAt <= now)
        {
            _delayedAcknowledgmentAt = TimerHeap.Never;
            _receiver.AcknowledgeNow = true;
            QueueOutput();
        }

        if (_sender.Deadline <= now)
        {
            OnSenderTimeout(now);
        }

        if (_stateDeadline <= now && State != TcpState.Closed)
        {
            OnStateTimeout(now);
        }

        Schedule();
    }

    /// <summary>RST to the application, and the end.</summary>
    public void Reset(string reason)
    {
        if (State == TcpState.SynPending)
        {
            _table.SendReset(_key, new SequenceNumber(0), _peerInitial + 1, withAcknowledgment: true);
        }
        else if (State is not (TcpState.Closed or TcpState.TimeWait))
        {
            _table.SendReset(_key, _sender.Highest, _receiver.Next, withAcknowledgment: true);
        }

        Close(reason);
    }

    /// <summary>The end without a word to the application: its place is needed.</summary>
    public void Forget() => Close("Forgotten for a new connection.");

    private void OnAnswer(FlowSignals signals)
    {
        if ((signals & FlowSignals.Refuse) != 0)
        {
            Reset("The connection was refused.");
        }
        else if ((signals & FlowSignals.Unreachable) != 0)
        {
            _table.SendHostUnreachable(_key, _peerInitial, _synWindow);
            Close("The destination cannot be reached.");
        }
        else if ((signals & FlowSignals.Accept) != 0)
        {
            State = TcpState.SynReceived;
            _lastHeard = _loop.Now;
            SendSynAck();
            _stateDeadline = _loop.Now + SynAckTimeout;
            if ((signals & FlowSignals.CompleteWrite) != 0)
            {
                _sender.Finish();
            }

            Schedule();
        }
        else if ((signals & FlowSignals.CompleteWrite) != 0)
        {
            _sender.Finish();
        }
    }

    private bool TryEstablish(in TcpSegment segment, long acknowledged)
    {
        if (acknowledged < 0 || !_sender.IsAcceptableAcknowledgment(acknowledged))
        {
            _table.SendReset(_key, segment.Acknowledgment, default, withAcknowledgment: false);
            return false;
        }

        if (_synAckTries == 1)
        {
            _sender.SampleRoundTrip(_loop.Now - _synAckSentAt);
        }

        State = TcpState.Established;
        _table.OnEstablished(this);
        ArmKeepAlive();
        if (_sender.FinishRequested)
        {
            State = TcpState.FinWait1;
        }

        QueueOutput();
        return true;
    }

    private void OnAcknowledgment(in TcpSegment segment, in TcpOptions options, long start, long acknowledged)
    {
        var news = _sender.OnAcknowledgment(
            acknowledged,
            start,
            segment.Window,
            segment.Payload.Length > 0,
            options,
            _timestamps && options.HasTimestamps ? EchoedAt(options.TimestampEcho) : -1,
            _loop.Now
        );
        if (news)
        {
            _flow.UpdateWriteLimit(_sender.BufferLimit);
        }

        QueueOutput();
        if (!_sender.FinAcknowledged)
        {
            return;
        }

        switch (State)
        {
            case TcpState.FinWait1:
                State = TcpState.FinWait2;
                break;
            case TcpState.Closing:
                EnterTimeWait();
                break;
            case TcpState.LastAck:
                Close(null);
                break;
        }
    }

    private void OnPayload(in TcpSegment segment, long start)
    {
        if (segment.Payload.Length == 0 && !segment.Has(TcpFlags.Fin))
        {
            return;
        }

        QueueOutput();
        if (State == TcpState.TimeWait)
        {
            _receiver.AcknowledgeNow = true;
            return;
        }

        if (!_receiver.Receive(start, segment.Payload, segment.Has(TcpFlags.Fin), _loop.Counters))
        {
            if (_receiver.HasHoles || segment.Payload.Length == 0)
            {
                // Each one by itself: the peer counts duplicates.
                SendAcknowledgment();
            }

            return;
        }

        _receiver.Tune(_loop.Now, _sender.RoundTrip);
        if (!_receiver.IsFinished || _finishedReading)
        {
            _flow.NotifyReadable();
            return;
        }

        _finishedReading = true;
        _flow.FinishReading();
        switch (State)
        {
            case TcpState.Established:
                State = TcpState.CloseWait;
                break;
            case TcpState.FinWait1:
                State = TcpState.Closing;
                break;
            case TcpState.FinWait2:
                EnterTimeWait();
                break;
        }
    }

    private void OnCompleteWrite()
    {
        _sender.Finish();
        State = State switch
        {
            TcpState.Established => TcpState.FinWait1,
            TcpState.CloseWait => TcpState.LastAck,
            _ => State,
        };
    }

    private void EnterTimeWait()
    {
        State = TcpState.TimeWait;
        _stateDeadline = _loop.Now + (long)_loop.Options.TimeWait.TotalMicroseconds;
        _flow.NotifyClosed();
        _table.OnTimeWait(this);
        Schedule();
    }

    private void Close(string? abortReason)
    {
        if (State == TcpState.Closed)
        {
            return;
        }

        var wasTimeWait = State == TcpState.TimeWait;
        State = TcpState.Closed;
        _loop.Timers.Remove(this);
        _table.Remove(this);
        if (abortReason is not null && !wasTimeWait)
        {
            _flow.Fail(abortReason);
        }

        _flow.NotifyClosed();
    }
}
