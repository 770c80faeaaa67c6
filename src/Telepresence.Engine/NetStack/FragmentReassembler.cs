using Telepresence.Engine.NetStack.Icmp;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// Puts fragments together again (RFC 815, RFC 8200 §4.5). Bounded in number, size and time; a datagram with overlapping
/// fragments is thrown away whole (RFC 5722), in IPv4 too: no honest sender makes them.
/// </summary>
internal sealed class FragmentReassembler(StackCounters counters, IcmpErrors errors)
{
    /// <summary>Each holds a packet buffer of 64 KiB; 32 make 2 MiB.</summary>
    private const int MaximumDatagrams = 32;

    /// <summary>RFC 791 and RFC 8200 §4.5 speak of 15 to 60 s; the peer is on this machine.</summary>
    private const long Lifetime = 15_000_000;
    private readonly Dictionary<Key, Datagram> _datagrams = [];
    private readonly Stack<Datagram> _free = new();

    public int Count => _datagrams.Count;

    /// <summary>
    /// Takes a fragment. Non-null when it completes a datagram: a packet with a plain header, valid until the next call.
    /// </summary>
    public PacketBuffer? Add(in Ipv4Packet packet, long now)
    {
        var key = new Key(packet.Source, packet.Destination, packet.Identification, packet.Protocol);
        var payload = packet.Payload;
        var end = packet.FragmentOffset + payload.Length;
        if (
            payload.Length == 0
            || Ipv4Packet.MinimumHeaderLength + end > ushort.MaxValue
            || (packet.MoreFragments && payload.Length % 8 != 0)
        )
        {
            counters.Drop(DropReason.FragmentMalformed);
            return null;
        }

        return Add(key, packet.Protocol, packet.FragmentOffset, packet.MoreFragments, payload, now);
    }

    /// <inheritdoc cref="Add(in Ipv4Packet, long)"/>
    public PacketBuffer? Add(in Ipv6Packet packet, long now)
    {
        if (FindProblem(packet) is { } problem)
        {
            counters.Drop(DropReason.FragmentMalformed);
            errors.ParameterProblem(packet.Bytes, problem);
            return null;
        }

        if (packet.Payload.Length == 0)
        {
            counters.Drop(DropReason.FragmentMalformed);
            return null;
        }

        // The next header of the first fragment counts (RFC 8200 §4.5), so it does not tell datagrams apart.
        var key = new Key(packet.Source, packet.Destination, packet.Identification, Protocol: 0);
        return Add(key, packet.Protocol, packet.FragmentOffset, packet.MoreFragments, packet.Payload, now);
    }

    /// <summary>Forgets what was not completed in time.</summary>
    public void Expire(long now)
    {
        foreach (var (key, datagram) in _datagrams)
        {
            if (now - datagram.Since > Lifetime)
            {
                if (datagram.FirstLength > 0)
                {
                    errors.ReassemblyTimeExceeded(Finish(key, datagram, datagram.FirstLength).Packet);
                }

                Discard(key, DropReason.FragmentTimeout);
            }
        }
    }

    /// <summary>What RFC 8200 §4.5 and RFC 7112 §5 want told about a fragment that is refused.</summary>
    private static Ipv6Problem? FindProblem(in Ipv6Packet packet)
    {
        const int payloadLengthField = 4;
        if (packet.MoreFragments && packet.Payload.Length % 8 != 0)
        {
            return new Ipv6Problem(Ipv6Problem.ErroneousField, payloadLengthField);
        }

        if (packet.FragmentOffset + packet.Payload.Length > ushort.MaxValue)
        {
            return new Ipv6Problem(Ipv6Problem.ErroneousField, packet.ProtocolOffset + 2);
        }

        var headers = packet.Protocol switch
        {
            IPProtocol.Tcp => TcpSegment.MinimumHeaderLength,
            IPProtocol.Udp => UdpDatagram.HeaderLength,
            _ => 0,
        };
        return packet.FragmentOffset == 0 && packet.Payload.Length < headers
            ? new Ipv6Problem(Ipv6Problem.IncompleteHeaderChain, 0)
            : null;
    }

    private PacketBuffer? Add(in Key key, byte protocol, int offset, bool more, ReadOnlySpan<byte> payload, long now)
    {
        var header = key.Source.IsIPv4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength;
        if (!_datagrams.TryGetValue(key, out var datagram))
        {
            if (_datagrams.Count == MaximumDatagrams)
            {
                // The oldest goes: an honest sender's fragments follow each other closely, a flood's stay alone.
                Discard(_datagrams.MinBy(pair => pair.Value.Since).Key, DropReason.FragmentLimit);
            }

            datagram = _free.TryPop(out var used) ? used : new Datagram();
            datagram.Start(now);
            _datagrams.Add(key, datagram);
        }

        if (datagram.IsPoisoned)
        {
            counters.Drop(DropReason.FragmentOverlap);
            return null;
        }

        switch (datagram.Take(header, protocol, offset, more, payload))
        {
            case Outcome.Overlap:
                // Kept as a mark until it expires, so that its other fragments do not begin a datagram of their own.
                datagram.IsPoisoned = true;
                counters.Drop(DropReason.FragmentOverlap);
                return null;
            case Outcome.Incomplete:
                return null;
        }

        _datagrams.Remove(key);
        _free.Push(datagram);
        return Finish(key, datagram, datagram.Length);
    }

    /// <summary>Puts a plain header before the first bytes of a datagram.</summary>
    private static PacketBuffer Finish(in Key key, Datagram datagram, int length)
    {
        var packet = datagram.Packet;
        packet.Offload = default;
        if (key.Source.IsIPv4)
        {
            packet.Length = Ipv4Packet.MinimumHeaderLength + length;
            Ipv4Packet.WriteHeader(packet.Packet, key.Source, key.Destination, datagram.Protocol, packet.Length);
        }
        else
        {
            packet.Length = Ipv6Packet.HeaderLength + length;
            Ipv6Packet.WriteHeader(packet.Packet, key.Source, key.Destination, datagram.Protocol, length);
        }

        return packet;
    }

    private void Discard(in Key key, DropReason reason)
    {
        if (_datagrams.Remove(key, out var datagram))
        {
            _free.Push(datagram);
            counters.Drop(reason);
        }
    }

    private enum Outcome
    {
        Incomplete,
        Complete,
        Overlap,
    }

    private readonly record struct Key(NetAddress Source, NetAddress Destination, uint Identification, byte Protocol);

    private sealed class Datagram
    {
        private readonly ByteRanges _received = new();

        public PacketBuffer Packet { get; } = new();
        public long Since { get; private set; }
        public int Length { get; private set; }
        public byte Protocol { get; private set; }
        public bool IsPoisoned { get; set; }

        /// <summary>Bytes from the datagram's first on without a hole; 0 until the first fragment came.</summary>
        public int FirstLength =>
            !IsPoisoned && _received.Count > 0 && _received[0].Start == 0 ? (int)_received[0].End : 0;

        public void Start(long now)
        {
            _received.Clear();
            Since = now;
            Length = -1;
            IsPoisoned = false;
        }

        public Outcome Take(int header, byte protocol, int offset, bool more, ReadOnlySpan<byte> payload)
        {
            var end = offset + payload.Length;
            var room = Packet.Room[(header + offset)..];
            if (_received.Overlap(offset, end) == payload.Length && room.StartsWith(payload) && (more || end == Length))
            {
                // A network may deliver a packet twice; nothing can be gained by an exact copy (RFC 8200 §4.5).
                return Outcome.Incomplete;
            }

            var last = _received.Count == 0 ? 0 : _received[_received.Count - 1].End;
            if (_received.Overlap(offset, end) > 0 || (Length >= 0 && (!more || end > Length)) || (!more && end < last))
            {
                return Outcome.Overlap;
            }

            if (!_received.Add(offset, end))
            {
                return Outcome.Overlap;
            }

            payload.CopyTo(room);
            if (offset == 0)
            {
                Protocol = protocol;
            }

            if (!more)
            {
                Length = end;
            }

            return _received.Total == Length ? Outcome.Complete : Outcome.Incomplete;
        }
    }
}
