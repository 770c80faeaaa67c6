using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// Puts fragments together again (RFC 815, RFC 8200 §4.5). Bounded in number, size and time; a datagram with overlapping
/// fragments is thrown away whole (RFC 5722), in IPv4 too: no honest sender makes them.
/// </summary>
internal sealed class FragmentReassembler(StackCounters counters)
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
        return Add(key, packet.FragmentOffset, packet.MoreFragments, packet.Payload, now);
    }

    /// <inheritdoc cref="Add(in Ipv4Packet, long)"/>
    public PacketBuffer? Add(in Ipv6Packet packet, long now)
    {
        var key = new Key(packet.Source, packet.Destination, packet.Identification, packet.Protocol);
        return Add(key, packet.FragmentOffset, packet.MoreFragments, packet.Payload, now);
    }

    /// <summary>Forgets what was never completed.</summary>
    public void Expire(long now)
    {
        if (_datagrams.Count == 0)
        {
            return;
        }

        foreach (var (key, datagram) in _datagrams)
        {
            if (now - datagram.Since > Lifetime)
            {
                Discard(key, DropReason.FragmentTimeout);
            }
        }
    }

    private PacketBuffer? Add(in Key key, int offset, bool more, ReadOnlySpan<byte> payload, long now)
    {
        var header = key.Source.IsIPv4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength;
        var end = offset + payload.Length;
        if (payload.Length == 0 || header + end > PacketBuffer.Capacity || (more && payload.Length % 8 != 0))
        {
            counters.Drop(DropReason.FragmentMalformed);
            return null;
        }

        if (!_datagrams.TryGetValue(key, out var datagram))
        {
            if (_datagrams.Count == MaximumDatagrams)
            {
                Expire(now);
            }

            if (_datagrams.Count == MaximumDatagrams)
            {
                counters.Drop(DropReason.FragmentLimit);
                return null;
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

        switch (datagram.Take(header, offset, more, payload))
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
        var packet = datagram.Packet;
        packet.Length = header + datagram.Length;
        packet.Offload = default;
        if (key.Source.IsIPv4)
        {
            Ipv4Packet.WriteHeader(packet.Packet, key.Source, key.Destination, key.Protocol, packet.Length);
        }
        else
        {
            Ipv6Packet.WriteHeader(packet.Packet, key.Source, key.Destination, key.Protocol, datagram.Length);
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
        public bool IsPoisoned { get; set; }

        public void Start(long now)
        {
            _received.Clear();
            Since = now;
            Length = -1;
            IsPoisoned = false;
        }

        public Outcome Take(int header, int offset, bool more, ReadOnlySpan<byte> payload)
        {
            var end = offset + payload.Length;
            var last = _received.Count == 0 ? 0 : _received[_received.Count - 1].End;
            if (_received.Overlap(offset, end) > 0 || (Length >= 0 && (!more || end > Length)) || (!more && end < last))
            {
                return Outcome.Overlap;
            }

            if (!_received.Add(offset, end))
            {
                return Outcome.Overlap;
            }

            payload.CopyTo(Packet.Room[(header + offset)..]);
            if (!more)
            {
                Length = end;
            }

            return _received.Total == Length ? Outcome.Complete : Outcome.Incomplete;
        }
    }
}
