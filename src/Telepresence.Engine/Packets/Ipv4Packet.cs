using System.Buffers.Binary;

namespace Telepresence.Engine.Packets;

/// <summary>An IPv4 packet (RFC 791) over the bytes it came in.</summary>
internal readonly ref struct Ipv4Packet
{
    public const int MinimumHeaderLength = 20;

    private readonly ReadOnlySpan<byte> _bytes;

    private Ipv4Packet(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public int HeaderLength => (_bytes[0] & 0x0f) * 4;
    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(_bytes[4..]);
    public bool MoreFragments => (_bytes[6] & 0x20) != 0;
    public bool DontFragment => (_bytes[6] & 0x40) != 0;

    /// <summary>In bytes.</summary>
    public int FragmentOffset => (BinaryPrimitives.ReadUInt16BigEndian(_bytes[6..]) & 0x1fff) * 8;
    public bool IsFragment => MoreFragments || FragmentOffset != 0;
    public byte TimeToLive => _bytes[8];
    public byte Protocol => _bytes[9];
    public NetAddress Source => NetAddress.ReadIPv4(_bytes[12..]);
    public NetAddress Destination => NetAddress.ReadIPv4(_bytes[16..]);
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>The packet without whatever followed its total length.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Checks version, lengths and the header checksum.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Ipv4Packet packet)
    {
        packet = default;
        if (bytes.Length < MinimumHeaderLength || bytes[0] >> 4 != 4)
        {
            return false;
        }

        var headerLength = (bytes[0] & 0x0f) * 4;
        var totalLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        if (headerLength < MinimumHeaderLength || totalLength < headerLength || totalLength > bytes.Length)
        {
            return false;
        }

        if (!InternetChecksum.IsValid(InternetChecksum.Add(0, bytes[..headerLength])))
        {
            return false;
        }

        packet = new Ipv4Packet(bytes[..totalLength]);
        return true;
    }

    /// <summary>Writes a header of 20 bytes with its checksum.</summary>
    public static void WriteHeader(
        Span<byte> destination,
        NetAddress source,
        NetAddress target,
        byte protocol,
        int totalLength,
        ushort identification = 0,
        byte timeToLive = 64,
        bool dontFragment = true
    )
    {
        destination[0] = 0x45;
        destination[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)totalLength);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], identification);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], dontFragment ? (ushort)0x4000 : (ushort)0);
        destination[8] = timeToLive;
        destination[9] = protocol;
        destination[10] = 0;
        destination[11] = 0;
        source.WriteTo(destination[12..]);
        target.WriteTo(destination[16..]);
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(0, destination[..MinimumHeaderLength]));
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], checksum);
    }

    /// <summary>Makes a written packet of 20 header bytes a fragment: sets its length to all of the bytes.</summary>
    /// <param name="offset">In bytes, a multiple of 8.</param>
    public static void WriteFragmentFields(Span<byte> packet, ushort identification, int offset, bool more)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], identification);
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], (ushort)((offset / 8) | (more ? 0x2000 : 0)));
        packet[10] = 0;
        packet[11] = 0;
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(0, packet[..MinimumHeaderLength]));
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], checksum);
    }
}
