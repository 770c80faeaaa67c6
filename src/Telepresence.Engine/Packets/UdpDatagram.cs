using System.Buffers.Binary;

namespace Telepresence.Engine.Packets;

/// <summary>A UDP datagram (RFC 768) over the bytes it came in.</summary>
internal readonly ref struct UdpDatagram
{
    public const int HeaderLength = 8;
    public const int ChecksumOffset = 6;

    private readonly ReadOnlySpan<byte> _bytes;

    private UdpDatagram(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes);
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);

    /// <summary>Zero over IPv4: the sender computed none.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[6..]);
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>Header and payload without whatever followed the length field.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Checks lengths only: the checksum needs the IP header, see <see cref="InternetChecksum"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out UdpDatagram datagram)
    {
        datagram = default;
        if (bytes.Length < HeaderLength)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (length < HeaderLength || length > bytes.Length)
        {
            return false;
        }

        datagram = new UdpDatagram(bytes[..length]);
        return true;
    }

    /// <summary>Writes the header with a checksum of zero.</summary>
    public static void WriteHeader(Span<byte> destination, ushort sourcePort, ushort destinationPort, int payloadLength)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)(HeaderLength + payloadLength));
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], 0);
    }
}
