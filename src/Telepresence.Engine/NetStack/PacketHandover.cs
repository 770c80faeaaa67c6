using System.Buffers.Binary;
using System.Collections.Concurrent;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// With several queues a flow belongs to the loop its 4-tuple names, but the kernel may deliver a packet to any queue:
/// this carries it over. Bounded by its buffers; with one queue it holds none and does nothing.
/// </summary>
internal sealed class PacketHandover
{
    /// <summary>Packet buffers shared by all loops; 64 KiB each.</summary>
    private const int Buffers = 64;
    private readonly ConcurrentQueue<PacketBuffer>[] _inboxes;
    private readonly ConcurrentQueue<PacketBuffer> _free = new();
    private readonly Action<int> _wake;
    private readonly Action<int> _dropped;

    /// <param name="wake">Wakes the loop of that index.</param>
    /// <param name="dropped">No buffer was free for a packet the loop of that index wanted to give away.</param>
    public PacketHandover(int loops, Action<int> wake, Action<int> dropped)
    {
        _wake = wake;
        _dropped = dropped;
        _inboxes = new ConcurrentQueue<PacketBuffer>[loops];
        for (var i = 0; i < loops; i++)
        {
            _inboxes[i] = new();
        }

        for (var i = 0; loops > 1 && i < Buffers; i++)
        {
            _free.Enqueue(new PacketBuffer());
        }
    }

    /// <summary>True when the packet belongs to another loop: it was copied there, or dropped for want of a buffer.</summary>
    public bool TryGive(int self, in IpPacket ip, PacketBuffer packet)
    {
        if (_inboxes.Length == 1 || OwnerOf(ip) is var owner && owner == self)
        {
            return false;
        }

        if (!_free.TryDequeue(out var copy))
        {
            _dropped(self);
            return true;
        }

        copy.Length = packet.Length;
        copy.Offload = packet.Offload;
        packet.Packet.CopyTo(copy.Packet);
        _inboxes[owner].Enqueue(copy);
        _wake(owner);
        return true;
    }

    /// <summary>Processes what others gave to this loop. False when there was nothing.</summary>
    public bool Drain(int self, PacketLoop loop)
    {
        if (_inboxes.Length == 1)
        {
            return false;
        }

        var any = false;
        while (_inboxes[self].TryDequeue(out var packet))
        {
            any = true;
            loop.OnHandedOver(packet);
            _free.Enqueue(packet);
        }

        return any;
    }

    /// <summary>Whether a packet waits for this loop, which therefore must not sleep.</summary>
    public bool HasWaiting(int self) => !_inboxes[self].IsEmpty;

    private int OwnerOf(in IpPacket ip)
    {
        if (ip.Protocol is IPProtocol.Icmp or IPProtocol.Icmpv6 && ip.Payload.Length > IcmpMessage.HeaderLength)
        {
            // An error goes to the flow that it quotes.
            return IcmpQuote.TryReadTcp(ip.Payload[IcmpMessage.HeaderLength..], out var key, out _)
                ? OwnerOf(key.Source, key.Destination, ((uint)key.SourcePort << 16) | key.DestinationPort)
                : OwnerOf(ip.Source, ip.Destination, 0);
        }

        // Too short to have ports: whoever reads it may count it as malformed.
        var ports =
            ip.Protocol is IPProtocol.Tcp or IPProtocol.Udp && ip.Payload.Length >= 4
                ? BinaryPrimitives.ReadUInt32BigEndian(ip.Payload)
                : 0;
        return OwnerOf(ip.Source, ip.Destination, ports);
    }

    private int OwnerOf(NetAddress source, NetAddress destination, uint ports) =>
        (int)((uint)HashCode.Combine(source, destination, ports) % (uint)_inboxes.Length);
}
