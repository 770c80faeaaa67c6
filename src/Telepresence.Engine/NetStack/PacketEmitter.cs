using System.Buffers.Binary;
using Telepresence.Engine.NetStack.Udp;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// Builds packets toward the workstation in one re-used buffer and writes them to the loop's queue. Addresses are given
/// as a flow's key, so source and destination change places here.
/// </summary>
internal sealed class PacketEmitter(IPacketQueue queue, StackCounters counters, int mtu)
{
    // UDP_MAX_SEGMENTS of kernels before 6.10.
    private const int MaximumDatagrams = 64;

    private readonly PacketBuffer _packet = new();
    private readonly bool _checksumOffload = (queue.Offloads & DeviceOffloads.Checksum) != 0;
    private readonly bool _tcp4Segmentation = Supports(queue, DeviceOffloads.Tcp4Segmentation);
    private readonly bool _tcp6Segmentation = Supports(queue, DeviceOffloads.Tcp6Segmentation);
    private readonly bool _udp4Segmentation = Supports(queue, DeviceOffloads.Udp4Segmentation);
    private readonly bool _udp6Segmentation = Supports(queue, DeviceOffloads.Udp6Segmentation);
    private PacketBuffer? _fragment;
    private ushort _identification;
    private uint _fragmented;

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

        Write(_packet);
    }

    /// <summary>
    /// Sends the oldest datagram, and with it those behind it that are as long, in one packet that the device cuts (USO).
    /// The last of them may be shorter.
    /// </summary>
    /// <param name="datagrams">What is sent is removed.</param>
    /// <param name="payloadLength">Bytes of all datagrams sent.</param>
    /// <returns>False: there is none.</returns>
    public bool TrySendUdp(in FlowKey key, DatagramQueue datagrams, out int payloadLength)
    {
        payloadLength = 0;
        if (!datagrams.TryPeek(out var datagram))
        {
            return false;
        }

        var headers = IpLength(key) + UdpDatagram.HeaderLength;
        var segment = datagram.Length;
        var canCut = (key.Source.IsIPv4 ? _udp4Segmentation : _udp6Segmentation) && headers + segment <= mtu;
        var limit = canCut ? Math.Min(ushort.MaxValue - headers, segment * MaximumDatagrams) : segment;
        var room = _packet.Room[headers..];
        bool isShorter;
        do
        {
            datagram.Span.CopyTo(room[payloadLength..]);
            payloadLength += datagram.Length;
            isShorter = datagram.Length < segment;
            datagrams.Remove();
        } while (
            !isShorter
            && payloadLength < limit
            && datagrams.TryPeek(out datagram)
            && datagram.Length is > 0 and var length
            && length <= segment
            && payloadLength + length <= limit
        );
        SendUdp(key, payloadLength, segment);
        return true;
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
        WriteDatagram();
    }

    /// <summary>The payload lies where it belongs; the headers go before it.</summary>
    private void SendUdp(in FlowKey key, int payloadLength, int segment)
    {
        var transport = BeginIp(key, IPProtocol.Udp, UdpDatagram.HeaderLength + payloadLength);
        UdpDatagram.WriteHeader(transport, key.DestinationPort, key.SourcePort, payloadLength);
        var sum = InternetChecksum.PseudoHeader(key.Destination, key.Source, IPProtocol.Udp, transport.Length);
        var checksum = transport[UdpDatagram.ChecksumOffset..];
        var isSuper = payloadLength > segment;
        if (_checksumOffload && (isSuper || _packet.Length <= mtu))
        {
            BinaryPrimitives.WriteUInt16BigEndian(checksum, InternetChecksum.Fold(sum));
            var ipLength = IpLength(key);
            _packet.Offload = new PacketOffload(
                PartialChecksum: true,
                ChecksumStart: (ushort)ipLength,
                ChecksumOffset: UdpDatagram.ChecksumOffset,
                Segmentation: isSuper ? Segmentation.Udp : Segmentation.None,
                SegmentSize: isSuper ? (ushort)segment : (ushort)0,
                HeaderLength: (ushort)(ipLength + UdpDatagram.HeaderLength)
            );
            Write(_packet);
        }
        else
        {
            // Zero means "no checksum" (RFC 768), so a sum of zero is sent as its other representation.
            var whole = InternetChecksum.Finish(InternetChecksum.Add(sum, transport));
            BinaryPrimitives.WriteUInt16BigEndian(checksum, whole == 0 ? ushort.MaxValue : whole);
            WriteDatagram();
        }
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
                unchecked(_identification++),
                // A datagram cannot be made smaller as a segment can, so routers behind this machine may cut it.
                dontFragment: protocol == IPProtocol.Tcp
            );
        }
        else
        {
            Ipv6Packet.WriteHeader(packet, key.Destination, key.Source, protocol, transportLength);
        }

        return packet[ipLength..];
    }

    /// <summary>Writes a packet that may be longer than the link takes, without offload.</summary>
    private void WriteDatagram()
    {
        _packet.Offload = default;
        if (_packet.Length <= mtu)
        {
            Write(_packet);
            return;
        }

        _fragment ??= new PacketBuffer();
        var fragmenter = new Fragmenter(_packet.Packet, mtu, unchecked(_fragmented++));
        while (fragmenter.TryNext(_fragment))
        {
            Write(_fragment);
        }
    }

    private void Write(PacketBuffer packet)
    {
        counters.Written(packet.Length);
        queue.Write(packet);
    }

    private static int IpLength(in FlowKey key) =>
        key.Source.IsIPv4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength;

    private static bool Supports(IPacketQueue queue, DeviceOffloads segmentation) =>
        (queue.Offloads & (DeviceOffloads.Checksum | segmentation)) == (DeviceOffloads.Checksum | segmentation);
}
