using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>Output and timers: what goes out at the end of a pass, and what time brings.</summary>
internal sealed partial class TcpConnection
{
    /// <summary>A flow may send so much in a pass before the others get their turn.</summary>
    private const int Quantum = 128 * 1024;

    /// <summary>
    /// The peer is on this machine: a long delay would only add to what its Nagle algorithm waits for
    /// (RFC 9293 §3.8.6.3 asks for 500 ms at most).
    /// </summary>
    private const long AcknowledgmentDelay = 10_000;

    /// <summary>Sends what is due. True when there is more than one turn allows.</summary>
    public bool Flush()
    {
        _isQueued = false;
        if (State is TcpState.Closed or TcpState.SynPending or TcpState.SynReceived)
        {
            return false;
        }

        var isV4 = _key.Source.IsIPv4;
        var headers =
            (isV4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength) + TcpSegment.MaximumHeaderLength;
        var maximum = _loop.Emitter.CanSegment(isV4)
            ? (ushort.MaxValue - headers) / _sender.SegmentSize * _sender.SegmentSize
            : _sender.SegmentSize;
        var sent = 0;
        while (sent < Quantum && _sender.TryNext(maximum, _loop.Now, out var start, out var length, out var fin))
        {
            SendData(start, length, fin);
            sent += Math.Max(length, 1);
        }

        if (_receiver.AcknowledgeNow || _receiver.WindowUpdateDue || _receiver.HasDuplicate)
        {
            SendAcknowledgment();
        }
        else if (_receiver.Unacknowledged > 0 && _delayedAcknowledgmentAt == TimerHeap.Never)
        {
            _delayedAcknowledgmentAt = _loop.Now + AcknowledgmentDelay;
        }

        Schedule();
        ArmReadWake();
        return sent >= Quantum;
    }

    /// <summary>Puts the connection on the loop's list for the end of the pass.</summary>
    public void QueueOutput()
    {
        if (!_isQueued && State != TcpState.Closed)
        {
            _isQueued = true;
            _loop.Output.Enqueue(this);
        }
    }

    private void SendData(long start, int length, bool fin)
    {
        var flags = TcpFlags.Acknowledgment;
        flags |= fin ? TcpFlags.Fin : TcpFlags.None;
        flags |= length > 0 ? TcpFlags.Push : TcpFlags.None;
        var payload = Begin(_sender.Number(start), flags, length, withHoles: false);
        _sender.Copy(start, payload);
        _loop.Emitter.SendTcp(_key, _sender.SegmentSize);
        _sender.OnSent(start, length, fin, _loop.Now);
    }

    /// <summary>An acknowledgment by itself, with what lies beyond the holes.</summary>
    private void SendAcknowledgment() => SendEmpty(_sender.Highest);

    private void SendEmpty(SequenceNumber sequence)
    {
        Begin(sequence, TcpFlags.Acknowledgment, 0, withHoles: _synOptions.SackPermitted);
        _loop.Emitter.SendTcp(_key, _sender.SegmentSize);
        ArmReadWake();
    }

    private void SendSynAck()
    {
        var options = new TcpOptions
        {
            MaximumSegmentSize = LocalSegmentSize,
            SackPermitted = _synOptions.SackPermitted,
            WindowScale = _synOptions.WindowScale is null ? null : (byte)_receiver.Scale,
            HasTimestamps = _timestamps,
            TimestampValue = Timestamp,
            TimestampEcho = _recentTimestamp,
        };
        Span<byte> bytes = stackalloc byte[40];
        var fields = new TcpFields(
            _key.DestinationPort,
            _key.SourcePort,
            _initial,
            _peerInitial + 1,
            TcpFlags.Syn | TcpFlags.Acknowledgment,
            _receiver.InitialWindow()
        );
        _loop.Emitter.BeginTcp(_key, fields, bytes[..options.Write(bytes)], 0);
        _loop.Emitter.SendTcp(_key, _sender.SegmentSize);
        _synAckTries++;
        _synAckSentAt = _loop.Now;
    }

    private Span<byte> Begin(SequenceNumber sequence, TcpFlags flags, int length, bool withHoles)
    {
        var options = new TcpOptions
        {
            HasTimestamps = _timestamps,
            TimestampValue = Timestamp,
            TimestampEcho = _recentTimestamp,
        };
        if (withHoles)
        {
            _receiver.Report(ref options);
        }

        Span<byte> bytes = stackalloc byte[40];
        var fields = new TcpFields(
            _key.DestinationPort,
            _key.SourcePort,
            sequence,
            _receiver.Next,
            flags,
            _receiver.AdvertiseWindow()
        );
        _delayedAcknowledgmentAt = TimerHeap.Never;
        return _loop.Emitter.BeginTcp(_key, fields, bytes[..options.Write(bytes)], length);
    }

    private uint Timestamp => (uint)(_loop.Now / 1000) + _timestampOffset;

    /// <summary>When a timestamp of ours was sent; -1 for one that we cannot have sent.</summary>
    private long EchoedAt(uint echo)
    {
        var age = (int)(Timestamp - echo);
        return age < 0 ? -1 : Math.Max(-1, ((_loop.Now / 1000) - age) * 1000);
    }

    private void Acknowledge()
    {
        _receiver.AcknowledgeNow = true;
        QueueOutput();
    }

    private void ArmReadWake()
    {
        _flow.WakeAtRead(_receiver.UpdateAt);
        // Pairs with TcpFlow.AdvanceRead: either it sees the mark or this sees its progress.
        Interlocked.MemoryBarrier();
        if (_receiver.WindowUpdateDue)
        {
            Acknowledge();
        }
    }

    private void OnSenderTimeout(long now)
    {
        switch (_sender.OnTimer(now))
        {
            case SenderTimeout.GiveUp:
                Reset("The application's side did not answer.");
                break;
            case SenderTimeout.Probe:
                // One below: the peer must answer and takes nothing (RFC 9293 §3.8.6.1).
                SendEmpty(_sender.Number(_sender.Position(_sender.Unacknowledged) - 1));
                break;
            case SenderTimeout.Retransmit:
                QueueOutput();
                break;
        }
    }

    private void OnStateTimeout(long now)
    {
        switch (State)
        {
            case TcpState.TimeWait:
                Close(null);
                break;
            case TcpState.SynReceived when _synAckTries > SynAckRetries:
                Reset("The application did not complete the handshake.");
                break;
            case TcpState.SynReceived:
                SendSynAck();
                _stateDeadline = now + (SynAckTimeout << (_synAckTries - 1));
                break;
            default:
                OnKeepAlive(now);
                break;
        }
    }

    private void OnKeepAlive(long now)
    {
        var options = _loop.Options;
        var due = _lastHeard + (long)options.KeepAliveIdle.TotalMicroseconds;
        if (now < due)
        {
            _stateDeadline = due;
            return;
        }

        if (_keepAliveProbes >= options.KeepAliveProbes)
        {
            Reset("The application's side did not answer keep-alive probes.");
            return;
        }

        _keepAliveProbes++;
        SendEmpty(_sender.Number(_sender.Position(_sender.Unacknowledged) - 1));
        _stateDeadline = now + (long)options.KeepAliveInterval.TotalMicroseconds;
    }

    private void ArmKeepAlive() =>
        _stateDeadline =
            _loop.Options.KeepAliveIdle > TimeSpan.Zero
                ? _loop.Now + (long)_loop.Options.KeepAliveIdle.TotalMicroseconds
                : TimerHeap.Never;

    private void Schedule()
    {
        if (State != TcpState.Closed)
        {
            _loop.Timers.Schedule(this, Math.Min(Math.Min(_sender.Deadline, _delayedAcknowledgmentAt), _stateDeadline));
        }
    }
}
