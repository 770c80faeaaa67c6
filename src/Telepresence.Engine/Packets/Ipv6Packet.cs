using System.Buffers.Binary;

namespace Telepresence.Engine.Packets;

/// <summary>An IPv6 packet (RFC 8200) over the bytes it came in, its extension headers already walked.</summary>
internal readonly ref struct Ipv6Packet
{
    public const int HeaderLength = 40;

    /// <summary>More than any honest sender uses; keeps a packet made of headers from costing time.</summary>
    private const int MaximumExtensionHeaders = 8;

    private readonly ReadOnlySpan<byte> _bytes;

    private Ipv6Packet(
        ReadOnlySpan<byte> bytes,
        byte protocol,
        int payloadOffset,
        uint fragment,
        bool isFragment,
        uint id
    )
    {
        _bytes = bytes;
        Protocol = protocol;
        PayloadOffset = payloadOffset;
        IsFragment = isFragment;
        FragmentOffset = (int)(fragment & 0xfff8);
        MoreFragments = (fragment & 1) != 0;
        Identification = id;
    }

    /// <summary>The upper-layer protocol; for a fragment, the first header of the fragmentable part.</summary>
    public byte Protocol { get; }

    /// <summary>Where the upper layer (or the fragment's data) begins.</summary>
    public int PayloadOffset { get; }

    /// <summary>
    /// True where a fragment header says that this is not the whole packet. An atomic fragment (RFC 6946) is not one.
    /// </summary>
    public bool IsFragment { get; }

    /// <summary>In bytes.</summary>
    public int FragmentOffset { get; }
    public bool MoreFragments { get; }
    public uint Identification { get; }
    public byte HopLimit => _bytes[7];
    public NetAddress Source => NetAddress.ReadIPv6(_bytes[8..]);
    public NetAddress Destination => NetAddress.ReadIPv6(_bytes[24..]);
    public ReadOnlySpan<byte> Payload => _bytes[PayloadOffset..];

    /// <summary>The packet without whatever followed its payload length.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Checks version and lengths, refuses IPv4-mapped addresses, walks the extension headers.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Ipv6Packet packet)
    {
        packet = default;
        if (bytes.Length < HeaderLength || bytes[0] >> 4 != 6)
        {
            return false;
        }

        var end = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (end > bytes.Length)
        {
            return false;
        }

        bytes = bytes[..end];
        if (NetAddress.ReadIPv6(bytes[8..]).IsIPv4 || NetAddress.ReadIPv6(bytes[24..]).IsIPv4)
        {
            return false;
        }

        var next = bytes[6];
        var offset = HeaderLength;
        for (var count = 0; count <= MaximumExtensionHeaders; count++)
        {
            switch (next)
            {
                case IPProtocol.HopByHop when offset != HeaderLength:
                    return false;
                case IPProtocol.HopByHop:
                case IPProtocol.Routing:
                case IPProtocol.DestinationOptions:
                    if (offset + 8 > end)
                    {
                        return false;
                    }

                    var length = (bytes[offset + 1] + 1) * 8;
                    // A routing header that still has segments to visit is not for us (RFC 8200 §4.4).
                    if (offset + length > end || (next == IPProtocol.Routing && bytes[offset + 3] != 0))
                    {
                        return false;
                    }

                    next = bytes[offset];
                    offset += length;
                    break;
                case IPProtocol.Fragment:
                    if (offset + 8 > end)
                    {
                        return false;
                    }

                    var fragment = BinaryPrimitives.ReadUInt16BigEndian(bytes[(offset + 2)..]);
                    var id = BinaryPrimitives.ReadUInt32BigEndian(bytes[(offset + 4)..]);
                    next = bytes[offset];
                    offset += 8;
                    if ((fragment & 0xfff9) == 0)
                    {
                        break;
                    }

                    packet = new Ipv6Packet(bytes, next, offset, fragment, isFragment: true, id);
                    return true;
                default:
                    packet = new Ipv6Packet(bytes, next, offset, 0, isFragment: false, 0);
                    return true;
            }
        }

        return false;
    }

    /// <summary>Writes a header of 40 bytes.</summary>
    public static void WriteHeader(
        Span<byte> destination,
        NetAddress source,
        NetAddress target,
        byte nextHeader,
        int payloadLength,
        byte hopLimit = 64
    )
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, 0x6000_0000);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)payloadLength);
        destination[6] = nextHeader;
        destination[7] = hopLimit;
        source.WriteTo(destination[8..]);
        target.WriteTo(destination[24..]);
    }
}
