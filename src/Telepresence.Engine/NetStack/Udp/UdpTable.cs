using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Udp;

/// <summary>All UDP 4-tuples of a loop.</summary>
internal sealed class UdpTable(LoopContext loop)
{
    /// <summary>How many flows in use are passed over for one that is not, so that a full table costs little.</summary>
    private const int SecondChances = 16;
    private readonly Dictionary<FlowKey, UdpFlow> _flows = [];

    // Oldest first; those in use when their turn came went to the end.
    private readonly LinkedList<UdpFlow> _order = new();

    // The loop alone changes the table and looks things up without it; snapshots from other threads take it.
    private readonly Lock _lock = new();

    public void OnPacket(in IpPacket packet)
    {
        if (!UdpDatagram.TryParse(packet.Payload, out var datagram) || datagram.SourcePort == 0)
        {
            loop.Counters.Drop(DropReason.MalformedUdp);
            return;
        }

        // Only IPv4 may go without (RFC 768; RFC 8200 §8.1).
        var isUnchecked = datagram.Checksum == 0 && packet.Source.IsIPv4;
        if (!isUnchecked && !packet.HasValidChecksum())
        {
            loop.Counters.Drop(DropReason.BadChecksum);
            return;
        }

        var key = new FlowKey(packet.Source, packet.Destination, datagram.SourcePort, datagram.DestinationPort);
        if (_flows.TryGetValue(key, out var flow))
        {
            Deliver(flow, datagram.Payload, packet.DatagramLength);
            return;
        }

        if (_flows.Count >= loop.Options.MaximumUdpFlows)
        {
            Evict();
        }

        var firstLength = packet.DatagramLength == 0 ? datagram.Payload.Length : packet.DatagramLength;
        flow = new UdpFlow(loop, this, key, firstLength);
        lock (_lock)
        {
            _flows[key] = flow;
        }

        _order.AddLast(flow.Place);
        Deliver(flow, datagram.Payload, packet.DatagramLength);
        loop.Handler.OnUdpOpen(flow);
    }

    /// <summary>Any thread.</summary>
    public void Snapshot(ICollection<IUdpFlow> flows)
    {
        lock (_lock)
        {
            foreach (var flow in _flows.Values)
            {
                flows.Add(flow);
            }
        }
    }

    /// <summary>False when the flow has left already; its 4-tuple may be another's by now.</summary>
    public bool Remove(UdpFlow flow)
    {
        if (!_flows.TryGetValue(flow.Key, out var current) || current != flow)
        {
            return false;
        }

        _order.Remove(flow.Place);
        lock (_lock)
        {
            return _flows.Remove(flow.Key);
        }
    }

    public void CloseAll()
    {
        foreach (var flow in _flows.Values.ToArray())
        {
            flow.Close();
        }
    }

    /// <summary>A sender's burst may come in one packet (UDP_SEGMENT): the flow gets the datagrams that were meant.</summary>
    private void Deliver(UdpFlow flow, ReadOnlySpan<byte> payload, int datagramLength)
    {
        do
        {
            var length = datagramLength == 0 ? payload.Length : Math.Min(datagramLength, payload.Length);
            if (!flow.OnDatagram(payload[..length]))
            {
                loop.Counters.Drop(DropReason.UdpQueueFull);
            }

            payload = payload[length..];
        } while (!payload.IsEmpty);
    }

    /// <summary>
    /// UDP has no end that could be seen, so a full table is the usual case under a flood: the oldest flow goes that was not
    /// used again since it opened or was passed over (the clock algorithm of page replacement).
    /// </summary>
    private void Evict()
    {
        for (var i = 0; i < SecondChances && _order.First!.Value.TakeUsed(); i++)
        {
            var used = _order.First;
            _order.Remove(used);
            _order.AddLast(used);
        }

        var flow = _order.First!.Value;
        loop.Counters.Drop(DropReason.FlowLimit);
        Remove(flow);
        flow.Close();
    }

    /// <summary>ICMP port unreachable for a datagram of which only the headers are quoted.</summary>
    public void SendPortUnreachable(in FlowKey key, int payloadLength)
    {
        Span<byte> quote = stackalloc byte[Ipv6Packet.HeaderLength + UdpDatagram.HeaderLength];
        var length = IcmpQuote.WriteIp(quote, key, IPProtocol.Udp, UdpDatagram.HeaderLength + payloadLength);
        UdpDatagram.WriteHeader(quote[length..], key.SourcePort, key.DestinationPort, payloadLength);
        quote = quote[..(length + UdpDatagram.HeaderLength)];
        if (key.Source.IsIPv4)
        {
            loop.Emitter.SendIcmp(key, IcmpMessage.DestinationUnreachable, IcmpMessage.PortUnreachableCode, 0, quote);
        }
        else
        {
            loop.Emitter.SendIcmp(
                key,
                IcmpMessage.DestinationUnreachableV6,
                IcmpMessage.PortUnreachableCodeV6,
                0,
                quote
            );
        }
    }
}
