using System.Buffers.Binary;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// Builds packets toward the workstation in one re-used buffer and writes them to the loop's queue. Addresses are given
/// as a flow's key, so source and destination change places here.
/// </summary>
internal sealed class PacketEmitter(IPacketQueue queue, StackCounters counters)
{
    private readonly PacketBuffer _packet = new();
    private readonly bool _checksumOffload = (queue.Offloads & DeviceOffloads.Checksum) != 0;
    private readonly bool _tcp4Segmentation = Supports(queue, DeviceOffloads.Tcp4Segmentation);
    private readonly bool _tcp6Segmentation = Supports(queue, DeviceOffloads.Tcp6Segmentation);
    private ushort _identification;

    /// <summary>Whether a super-packet of this family may be written.</summary>
    public bool CanSegment(bool ipv4) => ipv4 ? _tcp4Segmentation : _tcp6Segmentation;

    /// <summary>Begins a TCP segment and returns the room for its payload; <see cref="SendTcp"/> ends it.</summary>
    public Span<byte> BeginTcp(
        scoped in FlowKey key,
        scoped in TcpFields fields,
        scoped ReadOnlySpan<byte> options,
        int payloadLength
    )
    {
        var transportLength = TcpSegment.MinimumHeaderLength + options.Length + payloadLength;
        var transport = BeginIp(key, IPProtocol.Tcp, transportLength);
        TcpSegment.WriteHeader(transport, fields, options);
        return transport[(TcpSegment.MinimumHeaderLength + options.Length)..];
    }

    /// <summary>Computes or leaves the checksum and writes the packet, cut into segments where it is longer.</summary>
    public void SendTcp(in FlowKey key, int segmentSize)
    {
        var packet = _packet.Packet;
        var ipLength = IpLength(key);
        var transport = packet[ipLength..];
        var headerLength = ipLength + (transport[12] >> 4) * 4;
        var sum = InternetChecksum.PseudoHeader(key.Destination, key.Source, IPProtocol.Tcp, transport.Length);
        var checksum = transport[TcpSegment.ChecksumOffset..];
        if (_checksumOffload)
        {
            BinaryPrimitives.WriteUInt16BigEndian(checksum, InternetChecksum.Fold(sum));
            var isSuper = packet.Length - headerLength > segmentSize;
            _packet.Offload = new PacketOffload(
                PartialChecksum: true,
                ChecksumStart: (ushort)ipLength,
                ChecksumOffset: TcpSegment.ChecksumOffset,
                Segmentation: !isSuper ? Segmentation.None
                    : key.Source.IsIPv4 ? Segmentation.Tcp4
                    : Segmentation.Tcp6,
                SegmentSize: isSuper ? (ushort)segmentSize : (ushort)0,
                HeaderLength: (ushort)headerLength
            );
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(
                checksum,
                InternetChecksum.Finish(InternetChecksum.Add(sum, transport))
            );
            _packet.Offload = default;
        }

        Write();
    }

    public void SendUdp(in FlowKey key, ReadOnlySpan<byte> payload)
    {
        var transport = BeginIp(key, IPProtocol.Udp, UdpDatagram.HeaderLength + payload.Length);
        UdpDatagram.WriteHeader(transport, key.DestinationPort, key.SourcePort, payload.Length);
        payload.CopyTo(transport[UdpDatagram.HeaderLength..]);
        var sum = InternetChecksum.PseudoHeader(key.Destination, key.Source, IPProtocol.Udp, transport.Length);
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(sum, transport));
        // Zero means "no checksum" (RFC 768), so a sum of zero is sent as its other representation.
        BinaryPrimitives.WriteUInt16BigEndian(
            transport[UdpDatagram.ChecksumOffset..],
            checksum == 0 ? ushort.MaxValue : checksum
        );
        _packet.Offload = default;
        Write();
    }

    /// <summary>Sends an ICMP or ICMPv6 message; the key's ports play no part.</summary>
    public void SendIcmp(in FlowKey key, byte type, byte code, uint restOfHeader, ReadOnlySpan<byte> body)
    {
        var isV4 = key.Source.IsIPv4;
        var protocol = isV4 ? IPProtocol.Icmp : IPProtocol.Icmpv6;
        var message = BeginIp(key, protocol, IcmpMessage.HeaderLength + body.Length);
        IcmpMessage.WriteHeader(message, type, code, restOfHeader);
        body.CopyTo(message[IcmpMessage.HeaderLength..]);
        var sum = isV4 ? 0 : InternetChecksum.PseudoHeader(key.Destination, key.Source, protocol, message.Length);
        BinaryPrimitives.WriteUInt16BigEndian(
            message[2..],
            InternetChecksum.Finish(InternetChecksum.Add(sum, message))
        );
        _packet.Offload = default;
        Write();
    }

    private Span<byte> BeginIp(scoped in FlowKey key, byte protocol, int transportLength)
    {
        var ipLength = IpLength(key);
        _packet.Length = ipLength + transportLength;
        var packet = _packet.Packet;
        if (key.Source.IsIPv4)
        {
            Ipv4Packet.WriteHeader(
                packet,
                key.Destination,
                key.Source,
                protocol,
                packet.Length,
                unchecked(_identification++)
            );
        }
        else
        {
            Ipv6Packet.WriteHeader(packet, key.Destination, key.Source, protocol, transportLength);
        }

        return packet[ipLength..];
    }

    private void Write()
    {
        counters.Written(_packet.Length);
        queue.Write(_packet);
    }

    private static int IpLength(in FlowKey key) =>
        key.Source.IsIPv4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength;

    private static bool Supports(IPacketQueue queue, DeviceOffloads segmentation) =>
        (queue.Offloads & (DeviceOffloads.Checksum | segmentation)) == (DeviceOffloads.Checksum | segmentation);
}
