using System.Buffers.Binary;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.Vif;

/// <summary>
/// Does in software what a device lacks: cuts a super-packet into segments (TSO, USO) and completes partial checksums.
/// A packet whose headers contradict its offload facts yields no segment: it is dropped.
/// </summary>
internal ref struct Segmenter
{
    private const byte TcpFin = 0x01;
    private const byte TcpPush = 0x08;
    private const byte TcpCongestionWindowReduced = 0x80;
    private const int UdpHeaderLength = 8;
    private const int TcpChecksumOffset = 16;
    private const int UdpChecksumOffset = 6;

    private readonly PacketBuffer _source;
    private readonly bool _v4;
    private readonly bool _tcp;
    private readonly int _transport;
    private readonly int _headers;
    private readonly int _segmentSize;
    private int _position;
    private int _index;

    public Segmenter(PacketBuffer source)
    {
        _source = source;
        var packet = source.Packet;
        var offload = source.Offload;
        _position = int.MaxValue;
        if (offload.Segmentation == Segmentation.None)
        {
            _position = 0;
            return;
        }
        if (packet.Length < 28 || offload.SegmentSize == 0)
        {
            return;
        }
        _v4 = packet[0] >> 4 == 4;
        var network = _v4 ? (packet[0] & 15) * 4 : 40;
        _tcp = offload.Segmentation is Segmentation.Tcp4 or Segmentation.Tcp6;
        _transport = offload.PartialChecksum ? offload.ChecksumStart : network;
        if (
            !IsKnown(offload.Segmentation, _v4)
            || network < 20
            || _transport < network
            || _transport + (_tcp ? 20 : UdpHeaderLength) > packet.Length
        )
        {
            return;
        }
        var transportHeader = _tcp ? (packet[_transport + 12] >> 4) * 4 : UdpHeaderLength;
        _headers = _transport + transportHeader;
        _segmentSize = offload.SegmentSize;
        if (transportHeader >= (_tcp ? 20 : UdpHeaderLength) && _headers < packet.Length)
        {
            _position = _headers;
        }
    }

    /// <summary>Whether a device with these offloads takes the packet as it is.</summary>
    public static bool IsSupported(PacketBuffer packet, DeviceOffloads offloads)
    {
        var offload = packet.Offload;
        if (offload.PartialChecksum && (offloads & DeviceOffloads.Checksum) == 0)
        {
            return false;
        }
        var needed = offload.Segmentation switch
        {
            Segmentation.Tcp4 => DeviceOffloads.Tcp4Segmentation,
            Segmentation.Tcp6 => DeviceOffloads.Tcp6Segmentation,
            Segmentation.Udp when packet.Length > 0 && packet.Packet[0] >> 4 == 4 => DeviceOffloads.Udp4Segmentation,
            Segmentation.Udp => DeviceOffloads.Udp6Segmentation,
            _ => DeviceOffloads.None,
        };
        return (offloads & needed) == needed;
    }

    /// <summary>Puts the next segment, ordinary and with complete checksums, into <paramref name="segment"/>.</summary>
    public bool TryNext(PacketBuffer segment)
    {
        var packet = _source.Packet;
        if (_position >= packet.Length)
        {
            return false;
        }
        segment.Offload = default;
        if (_segmentSize == 0)
        {
            _position = packet.Length;
            segment.Length = packet.Length;
            packet.CopyTo(segment.Room);
            return TryCompleteChecksum(segment.Packet, _source.Offload);
        }
        var payload = Math.Min(_segmentSize, packet.Length - _position);
        segment.Length = _headers + payload;
        packet[.._headers].CopyTo(segment.Room);
        packet.Slice(_position, payload).CopyTo(segment.Room[_headers..]);
        var last = _position + payload == packet.Length;
        FixAddressing(segment.Packet);
        FixTransport(segment.Packet, last);
        _position += payload;
        _index++;
        return true;
    }

    /// <summary>Completes a checksum that so far is the pseudo-header's sum. False: it lies outside the packet.</summary>
    public static bool TryCompleteChecksum(Span<byte> packet, in PacketOffload offload)
    {
        if (!offload.PartialChecksum)
        {
            return true;
        }
        var field = offload.ChecksumStart + offload.ChecksumOffset;
        if (field + 2 > packet.Length)
        {
            return false;
        }
        var sum = InternetChecksum.Finish(InternetChecksum.Add(0, packet[offload.ChecksumStart..]));
        // A UDP checksum of zero would mean "none" (RFC 768); TCP takes either form of zero.
        BinaryPrimitives.WriteUInt16BigEndian(packet[field..], sum == 0 ? (ushort)0xFFFF : sum);
        return true;
    }

    private static bool IsKnown(Segmentation segmentation, bool v4) =>
        segmentation == Segmentation.Udp || segmentation == (v4 ? Segmentation.Tcp4 : Segmentation.Tcp6);

    private readonly void FixAddressing(Span<byte> segment)
    {
        if (!_v4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(segment.Length - 40));
            return;
        }
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], (ushort)segment.Length);
        var id = BinaryPrimitives.ReadUInt16BigEndian(segment[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(id + _index));
        segment.Slice(10, 2).Clear();
        var header = InternetChecksum.Add(0, segment[..((segment[0] & 15) * 4)]);
        BinaryPrimitives.WriteUInt16BigEndian(segment[10..], InternetChecksum.Finish(header));
    }

    private readonly void FixTransport(Span<byte> segment, bool last)
    {
        var transport = segment[_transport..];
        var checksumOffset = _tcp ? TcpChecksumOffset : UdpChecksumOffset;
        if (_tcp)
        {
            var sequence = BinaryPrimitives.ReadUInt32BigEndian(transport[4..]);
            BinaryPrimitives.WriteUInt32BigEndian(transport[4..], sequence + (uint)(_index * _segmentSize));
            if (!last)
            {
                transport[13] &= unchecked((byte)~(TcpFin | TcpPush));
            }
            if (_index > 0)
            {
                transport[13] &= unchecked((byte)~TcpCongestionWindowReduced);
            }
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)transport.Length);
        }
        transport.Slice(checksumOffset, 2).Clear();
        var addresses = _v4 ? segment.Slice(12, 8) : segment.Slice(8, 32);
        var sum = InternetChecksum.Add(0, addresses);
        sum = InternetChecksum.Add(sum, (ushort)(_tcp ? 6 : 17));
        sum = InternetChecksum.Add(sum, (ushort)transport.Length);
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(sum, transport));
        BinaryPrimitives.WriteUInt16BigEndian(transport[checksumOffset..], checksum == 0 ? (ushort)0xFFFF : checksum);
    }
}
