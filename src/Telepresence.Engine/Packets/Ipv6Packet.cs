using System.Buffers.Binary;

namespace Telepresence.Engine.Packets;

/// <summary>An IPv6 packet (RFC 8200) over the bytes it came in, its extension headers already walked.</summary>
internal readonly ref struct Ipv6Packet
{
    public const int HeaderLength = 40;

    /// <summary>More than any honest sender uses; keeps a packet made of headers from costing time.</summary>
    private const int MaximumExtensionHeaders = 8;

    /// <summary>The one option without a length.</summary>
    private const byte Pad1 = 0;

    private readonly ReadOnlySpan<byte> _bytes;

    private Ipv6Packet(
        ReadOnlySpan<byte> bytes,
        byte protocol,
        int protocolOffset,
        int payloadOffset,
        uint fragment,
        bool isFragment,
        uint id
    )
    {
        _bytes = bytes;
        Protocol = protocol;
        ProtocolOffset = protocolOffset;
        PayloadOffset = payloadOffset;
        IsFragment = isFragment;
        FragmentOffset = (int)(fragment & 0xfff8);
        MoreFragments = (fragment & 1) != 0;
        Identification = id;
    }

    /// <summary>The upper-layer protocol; for a fragment, the first header of the fragmentable part.</summary>
    public byte Protocol { get; }

    /// <summary>Where the next-header field that names <see cref="Protocol"/> lies.</summary>
    public int ProtocolOffset { get; }

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
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Ipv6Packet packet) => TryParse(bytes, out packet, out _);

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out Ipv6Packet)"/>
    /// <param name="problem">What the sender is to be told of a refused packet; null: nothing.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Ipv6Packet packet, out Ipv6Problem? problem)
    {
        packet = default;
        problem = null;
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

        var nextOffset = 6;
        var next = bytes[nextOffset];
        var offset = HeaderLength;
        for (var count = 0; count <= MaximumExtensionHeaders; count++)
        {
            switch (next)
            {
                case IPProtocol.HopByHop when offset != HeaderLength:
                    problem = new Ipv6Problem(Ipv6Problem.UnrecognizedNextHeader, nextOffset);
                    return false;
                case IPProtocol.HopByHop:
                case IPProtocol.Routing:
                case IPProtocol.DestinationOptions:
                    if (offset + 8 > end)
                    {
                        return false;
                    }

                    var length = (bytes[offset + 1] + 1) * 8;
                    if (offset + length > end)
                    {
                        return false;
                    }

                    if (next != IPProtocol.Routing)
                    {
                        if (!AreOptionsAcceptable(bytes[..(offset + length)], offset + 2, out problem))
                        {
                            return false;
                        }
                    }
                    else if (bytes[offset + 3] != 0)
                    {
                        // No routing type is known, type 0 least of all (RFC 8200 §4.4, RFC 5095 §3).
                        problem = new Ipv6Problem(Ipv6Problem.ErroneousField, offset + 2);
                        return false;
                    }

                    nextOffset = offset;
                    next = bytes[nextOffset];
                    offset += length;
                    break;
                case IPProtocol.Fragment:
                    if (offset + 8 > end)
                    {
                        return false;
                    }

                    var fragment = BinaryPrimitives.ReadUInt16BigEndian(bytes[(offset + 2)..]);
                    var id = BinaryPrimitives.ReadUInt32BigEndian(bytes[(offset + 4)..]);
                    nextOffset = offset;
                    next = bytes[nextOffset];
                    offset += 8;
                    if ((fragment & 0xfff9) == 0)
                    {
                        break;
                    }

                    packet = new Ipv6Packet(bytes, next, nextOffset, offset, fragment, isFragment: true, id);
                    return true;
                default:
                    packet = new Ipv6Packet(bytes, next, nextOffset, offset, 0, isFragment: false, 0);
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

    /// <summary>
    /// Makes a packet with a plain header a fragment: its fragment header takes the eight bytes behind the first 40.
    /// </summary>
    /// <param name="offset">In bytes, a multiple of 8.</param>
    public static void WriteFragmentHeader(Span<byte> packet, uint identification, int offset, bool more)
    {
        var header = packet[HeaderLength..];
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(packet.Length - HeaderLength));
        header[0] = packet[6];
        header[1] = 0;
        packet[6] = IPProtocol.Fragment;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)(offset | (more ? 1 : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], identification);
    }

    /// <summary>
    /// Walks the options of a hop-by-hop or destination options header. What to do with an unknown one its two highest
    /// bits say (RFC 8200 §4.2): skip, discard, discard and tell, or tell unless the destination is multicast.
    /// </summary>
    private static bool AreOptionsAcceptable(ReadOnlySpan<byte> bytes, int offset, out Ipv6Problem? problem)
    {
        problem = null;
        while (offset < bytes.Length)
        {
            if (bytes[offset] == Pad1)
            {
                offset++;
                continue;
            }

            if (offset + 2 > bytes.Length || offset + 2 + bytes[offset + 1] > bytes.Length)
            {
                return false;
            }

            if (bytes[offset] >> 6 is var action and not 0)
            {
                problem = action == 1 ? null : new Ipv6Problem(Ipv6Problem.UnrecognizedOption, offset);
                return false;
            }

            offset += 2 + bytes[offset + 1];
        }

        return true;
    }
}
