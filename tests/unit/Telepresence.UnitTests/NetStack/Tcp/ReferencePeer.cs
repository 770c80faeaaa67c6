using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack.Tcp;

/// <summary>
/// A TCP written as plainly as possible, to talk with the stack over a bad link: it opens, sends with a fixed window and
/// a fixed time-out, receives in any order, acknowledges every segment with SACK, closes.
/// </summary>
internal sealed class ReferencePeer(byte[] toSend)
{
    private const int SegmentSize = 1400;
    private const int MaximumInFlight = 128 * SegmentSize;
    private const uint Initial = 4_294_960_000;
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(900);
    private static readonly NetAddress Source = StackFixture.Address("10.0.0.1");
    private static readonly NetAddress Target = StackFixture.Address("10.96.0.5");
    private readonly SortedDictionary<long, byte[]> _early = [];
    private readonly List<byte> _received = [];
    private readonly HashSet<long> _again = [];
    private uint? _stackInitial;
    private long _una;
    private long _next;
    private long _edge = 65_535;
    private long? _stackFin;
    private int _duplicates;
    private bool _isOpen;
    private TimeSpan _lastProgress = TimeSpan.MinValue;

    public byte[] Received => [.. _received];
    public bool IsDone => _una > toSend.Length && _stackFin is { } fin && _received.Count == fin;

    /// <summary>What to put on the wire now.</summary>
    public IEnumerable<byte[]> Poll(TimeSpan now)
    {
        if (!_isOpen)
        {
            if (now - Timeout >= _lastProgress)
            {
                _lastProgress = now;
                yield return Segment(TcpFlags.Syn, Initial, [], syn: true);
            }

            yield break;
        }

        if (_una < _next && now - _lastProgress > Timeout)
        {
            _lastProgress = now;
            _next = _una;
            _again.Clear();
        }

        while (_next <= toSend.Length && _next - _una < MaximumInFlight && _next < Math.Max(_edge, _una + 1))
        {
            if (_una == _next)
            {
                _lastProgress = now;
            }

            yield return At(_next, out var length);
            _next += length;
        }
    }

    /// <summary>Takes a packet; the answers go on the wire.</summary>
    public IEnumerable<byte[]> Receive(byte[] packet, TimeSpan now)
    {
        Assert.True(Ipv4Packet.TryParse(packet, out var ip));
        Assert.True(TcpSegment.TryParse(ip.Payload, out var segment));
        Assert.False(segment.Has(TcpFlags.Reset), "the stack reset the connection");
        var answers = new List<byte[]>();
        if (segment.Has(TcpFlags.Syn))
        {
            _stackInitial = segment.Sequence.Value;
            _isOpen = true;
            _lastProgress = now;
            answers.Add(Segment(TcpFlags.Acknowledgment, Initial + 1, []));
            return answers;
        }

        Assert.True(TcpOptions.TryParse(segment.Options, out var options));
        TakeAcknowledgment(segment, options, now, answers);
        if (segment.SequenceLength > 0)
        {
            var position = (int)(segment.Sequence.Value - _stackInitial!.Value - 1);
            if (segment.Has(TcpFlags.Fin))
            {
                _stackFin = position + segment.Payload.Length;
            }

            Take(position, segment.Payload.ToArray());
            answers.Add(Segment(TcpFlags.Acknowledgment, Initial + 1 + (uint)_next, []));
        }

        return answers;
    }

    private void TakeAcknowledgment(in TcpSegment segment, in TcpOptions options, TimeSpan now, List<byte[]> answers)
    {
        long position = (int)(segment.Acknowledgment.Value - Initial - 1);
        _edge = Math.Max(_edge, position + (segment.Window << 7));
        if (position > _una)
        {
            _una = position;
            _next = Math.Max(_next, _una);
            _lastProgress = now;
            _duplicates = 0;
            return;
        }

        if (options.SackBlockCount == 0 || _una == _next)
        {
            return;
        }

        _duplicates++;
        if (_duplicates >= 3 && _again.Add(_una))
        {
            answers.Add(At(_una, out _));
        }
    }

    private void Take(long position, byte[] payload)
    {
        _early[position] =
            payload.Length > (_early.GetValueOrDefault(position)?.Length ?? -1) ? payload : _early[position];
        while (_early.Count > 0 && _early.First() is var (start, bytes) && start <= _received.Count)
        {
            _early.Remove(start);
            var skip = (int)(_received.Count - start);
            if (skip < bytes.Length)
            {
                _received.AddRange(bytes.AsSpan(skip));
            }
        }
    }

    private byte[] At(long position, out int length)
    {
        var count = (int)Math.Min(SegmentSize, toSend.Length - position);
        length = count;
        if (position + count < toSend.Length)
        {
            return Segment(TcpFlags.Acknowledgment, Initial + 1 + (uint)position, toSend.AsSpan((int)position, count));
        }

        length = count + 1;
        var bytes = count > 0 ? toSend.AsSpan((int)position, count) : [];
        return Segment(TcpFlags.Acknowledgment | TcpFlags.Fin, Initial + 1 + (uint)position, bytes);
    }

    private byte[] Segment(TcpFlags flags, uint sequence, ReadOnlySpan<byte> payload, bool syn = false)
    {
        var options = new TcpOptions();
        if (syn)
        {
            options.MaximumSegmentSize = SegmentSize;
            options.SackPermitted = true;
            options.WindowScale = 7;
        }

        var next = (_stackInitial ?? 0) + 1 + (uint)_received.Count;
        foreach (var (start, bytes) in _early.Take(3))
        {
            var from = _stackInitial!.Value + 1 + (uint)start;
            options.AddSackBlock(new SackBlock(new(from), new(from + (uint)bytes.Length)));
        }

        if (_stackFin is { } fin && _received.Count == fin)
        {
            next++;
        }

        Span<byte> optionBytes = stackalloc byte[40];
        optionBytes = optionBytes[..options.Write(optionBytes)];
        var bytesOut = new byte[20 + optionBytes.Length + payload.Length];
        var fields = new TcpFields(40_000, 80, new(sequence), new(syn ? 0 : next), flags, 8192);
        TcpSegment.WriteHeader(bytesOut, fields, optionBytes);
        payload.CopyTo(bytesOut.AsSpan(20 + optionBytes.Length));
        return StackFixture.Ip(Source, Target, IPProtocol.Tcp, bytesOut);
    }
}
