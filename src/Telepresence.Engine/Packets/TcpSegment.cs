using System.Buffers.Binary;

namespace Telepresence.Engine.Packets;

/// <summary>A TCP segment (RFC 9293 §3.1) over the bytes it came in.</summary>
internal readonly ref struct TcpSegment
{
    public const int MinimumHeaderLength = 20;
    public const int MaximumHeaderLength = 60;
    public const int ChecksumOffset = 16;

    private readonly ReadOnlySpan<byte> _bytes;

    private TcpSegment(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes);
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[2..]);
    public SequenceNumber Sequence => new(BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]));
    public SequenceNumber Acknowledgment => new(BinaryPrimitives.ReadUInt32BigEndian(_bytes[8..]));
    public int HeaderLength => (_bytes[12] >> 4) * 4;
    public TcpFlags Flags => (TcpFlags)(_bytes[13] & 0x3f);

    /// <summary>As on the wire: not scaled.</summary>
    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_bytes[14..]);
    public ReadOnlySpan<byte> Options => _bytes[MinimumHeaderLength..HeaderLength];
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>Sequence space the segment takes: payload, SYN and FIN.</summary>
    public int SequenceLength =>
        _bytes.Length - HeaderLength + ((Flags & TcpFlags.Syn) != 0 ? 1 : 0) + ((Flags & TcpFlags.Fin) != 0 ? 1 : 0);

    public bool Has(TcpFlags flags) => (Flags & flags) != 0;

    /// <summary>Checks lengths only: the checksum needs the IP header, see <see cref="InternetChecksum"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out TcpSegment segment)
    {
        segment = default;
        if (bytes.Length < MinimumHeaderLength)
        {
            return false;
        }

        var headerLength = (bytes[12] >> 4) * 4;
        if (headerLength < MinimumHeaderLength || headerLength > bytes.Length)
        {
            return false;
        }

        segment = new TcpSegment(bytes);
        return true;
    }

    /// <summary>Writes the header and options with a checksum of zero. Options are padded by the caller to 4 bytes.</summary>
    public static void WriteHeader(Span<byte> destination, in TcpFields fields, ReadOnlySpan<byte> options)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination, fields.SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], fields.DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], fields.Sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], fields.Acknowledgment.Value);
        destination[12] = (byte)((MinimumHeaderLength + options.Length) / 4 << 4);
        destination[13] = (byte)fields.Flags;
        BinaryPrimitives.WriteUInt16BigEndian(destination[14..], fields.Window);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], 0);
        options.CopyTo(destination[MinimumHeaderLength..]);
    }
}
