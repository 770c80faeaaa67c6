using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack.Tcp.Grid;

/// <summary>
/// The application's side of a connection: opens it and then sends and receives by the stack's own rules for either, as
/// the workstation's kernel does. What it has read counts, not what it read.
/// </summary>
internal sealed class GridPeer(IpStackOptions options, Action<byte[]> send)
{
    private const uint Initial = 4_294_000_000;
    private const ushort SegmentSize = GridCell.Mtu - 40;

    /// <summary>As long as the Linux kernel's.</summary>
    private const long AcknowledgmentDelay = 40_000;
    private const long SynTimeout = 1_000_000;
    private static readonly NetAddress _source = StackFixture.Address("10.0.0.1");
    private static readonly NetAddress _target = StackFixture.Address("10.96.0.5");
    private readonly StackCounters _counters = new();
    private readonly ByteQueue _unread = new(new SegmentPool());
    private TcpSender? _sender;
    private TcpReceiver? _receiver;
    private uint _echo;
    private long _synAt = TimerHeap.Never;
    private long _acknowledgeAt = TimerHeap.Never;

    /// <summary>What is to be sent; the test fills it.</summary>
    public ByteQueue Unsent { get; } = new(new SegmentPool());

    public bool IsOpen => _sender is not null;

    /// <summary>How much may wait in <see cref="Unsent"/>.</summary>
    public int SendLimit => _sender?.BufferLimit ?? 0;

    public long Received => _unread.Head;

    /// <summary>The next time at which <see cref="Poll"/> has something to do, in microseconds.</summary>
    public long Deadline => Math.Min(_sender?.Deadline ?? _synAt, _acknowledgeAt);

    /// <summary>Sends what is due.</summary>
    public void Poll(long now)
    {
        if (_sender is null || _receiver is null)
        {
            if (_synAt == TimerHeap.Never || now >= _synAt)
            {
                _synAt = now + SynTimeout;
                SendSyn(now);
            }

            return;
        }

        if (_sender.Deadline <= now && _sender.OnTimer(now) == SenderTimeout.Probe)
        {
            // One below, as the stack does: must be answered, and is not taken.
            Send(_sender.Number(_sender.Position(_sender.Unacknowledged) - 1), TcpFlags.Acknowledgment, [], now);
        }

        while (_sender.TryNext(_sender.SegmentSize, now, out var start, out var length, out _))
        {
            var payload = new byte[length];
            _sender.Copy(start, payload);
            Send(_sender.Number(start), TcpFlags.Acknowledgment, payload, now);
            _sender.OnSent(start, length, fin: false, now);
        }

        if (_receiver.AcknowledgeNow || _receiver.WindowUpdateDue || _receiver.HasDuplicate || _acknowledgeAt <= now)
        {
            Send(_sender.Highest, TcpFlags.Acknowledgment, [], now);
        }
        else if (_receiver.Unacknowledged > 0 && _acknowledgeAt == TimerHeap.Never)
        {
            _acknowledgeAt = now + AcknowledgmentDelay;
        }
    }

    /// <summary>Takes a packet of the stack.</summary>
    public void Receive(byte[] packet, long now)
    {
        Assert.True(Ipv4Packet.TryParse(packet, out var ip));
        Assert.True(TcpSegment.TryParse(ip.Payload, out var segment));
        Assert.True(TcpOptions.TryParse(segment.Options, out var received));
        Assert.False(segment.Has(TcpFlags.Reset), "the stack reset the connection");
        if (segment.Has(TcpFlags.Syn))
        {
            Open(segment, received);
            return;
        }

        if (_sender is null || _receiver is null)
        {
            return;
        }

        var start = _receiver.Position(segment.Sequence);
        if (_receiver.IsAcceptable(start, segment.SequenceLength))
        {
            _echo = start <= _receiver.LastAcknowledged ? received.TimestampValue : _echo;
            var acknowledged = _sender.Position(segment.Acknowledgment);
            _sender.OnAcknowledgment(
                acknowledged,
                start,
                segment.Window,
                segment.Payload.Length > 0,
                received,
                received.TimestampEcho * 1000L,
                now
            );
            _receiver.Receive(start, segment.Payload, fin: false, _counters);
            _unread.ConsumeTo(_unread.Tail);
            _receiver.Tune(now, _sender.RoundTrip);
        }
        else
        {
            _receiver.NoteDuplicate(start, segment.Payload.Length);
            _receiver.AcknowledgeNow = true;
        }
    }

    private void Open(in TcpSegment segment, in TcpOptions received)
    {
        if (_sender is not null)
        {
            _receiver!.AcknowledgeNow = true;
            return;
        }

        _echo = received.TimestampValue;
        const int Payload = SegmentSize - 12;
        _receiver = new TcpReceiver(_unread, segment.Sequence, Payload, options) { AcknowledgeNow = true };
        _sender = new TcpSender(
            Unsent,
            new SequenceNumber(Initial),
            Payload,
            received.WindowScale!.Value,
            sack: true,
            segment.Window,
            options
        );
    }

    private void SendSyn(long now)
    {
        var scale = 0;
        while (ushort.MaxValue << scale < options.MaximumBuffer)
        {
            scale++;
        }

        var syn = new TcpOptions
        {
            MaximumSegmentSize = SegmentSize,
            SackPermitted = true,
            WindowScale = (byte)scale,
            HasTimestamps = true,
            TimestampValue = (uint)(now / 1000),
        };
        var window = (ushort)Math.Min(options.InitialBuffer, ushort.MaxValue);
        Write(new TcpFields(40_000, 80, new(Initial), default, TcpFlags.Syn, window), syn, []);
    }

    private void Send(SequenceNumber sequence, TcpFlags flags, byte[] payload, long now)
    {
        var written = new TcpOptions
        {
            HasTimestamps = true,
            TimestampValue = (uint)(now / 1000),
            TimestampEcho = _echo,
        };
        if (payload.Length == 0)
        {
            _receiver!.Report(ref written);
        }

        _acknowledgeAt = TimerHeap.Never;
        Write(
            new TcpFields(40_000, 80, sequence, _receiver!.Next, flags, _receiver.AdvertiseWindow()),
            written,
            payload
        );
    }

    private void Write(in TcpFields fields, in TcpOptions written, byte[] payload)
    {
        Span<byte> optionBytes = stackalloc byte[40];
        optionBytes = optionBytes[..written.Write(optionBytes)];
        var segment = new byte[20 + optionBytes.Length + payload.Length];
        TcpSegment.WriteHeader(segment, fields, optionBytes);
        payload.CopyTo(segment.AsSpan(20 + optionBytes.Length));
        send(StackFixture.Ip(_source, _target, IPProtocol.Tcp, segment));
    }
}
