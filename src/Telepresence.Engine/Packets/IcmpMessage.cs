using System.Buffers.Binary;

namespace Telepresence.Engine.Packets;

/// <summary>An ICMP (RFC 792) or ICMPv6 (RFC 4443) message over the bytes it came in; the two share this shape.</summary>
internal readonly ref struct IcmpMessage
{
    public const int HeaderLength = 8;
    public const byte EchoReply = 0;
    public const byte DestinationUnreachable = 3;
    public const byte EchoRequest = 8;
    public const byte HostUnreachableCode = 1;
    public const byte PortUnreachableCode = 3;
    public const byte DestinationUnreachableV6 = 1;
    public const byte EchoRequestV6 = 128;
    public const byte EchoReplyV6 = 129;
    public const byte AddressUnreachableCodeV6 = 3;
    public const byte PortUnreachableCodeV6 = 4;
    public const byte ProtocolUnreachableCode = 2;
    public const byte FragmentationNeededCode = 4;
    public const byte TimeExceeded = 11;
    public const byte PacketTooBigV6 = 2;
    public const byte TimeExceededV6 = 3;
    public const byte ReassemblyTimeExceededCode = 1;
    public const byte ParameterProblemV6 = 4;

    private readonly ReadOnlySpan<byte> _bytes;

    private IcmpMessage(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public byte Type => _bytes[0];
    public byte Code => _bytes[1];

    /// <summary>The four bytes whose meaning depends on the type: identifier and sequence of an echo.</summary>
    public uint RestOfHeader => BinaryPrimitives.ReadUInt32BigEndian(_bytes[4..]);
    public ReadOnlySpan<byte> Body => _bytes[HeaderLength..];

    /// <summary>Checks the length only.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out IcmpMessage message)
    {
        if (bytes.Length < HeaderLength)
        {
            message = default;
            return false;
        }

        message = new IcmpMessage(bytes);
        return true;
    }

    /// <summary>Writes the header with a checksum of zero.</summary>
    public static void WriteHeader(Span<byte> destination, byte type, byte code, uint restOfHeader)
    {
        destination[0] = type;
        destination[1] = code;
        destination[2] = 0;
        destination[3] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], restOfHeader);
    }
}
