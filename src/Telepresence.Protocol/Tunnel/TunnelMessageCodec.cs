using System.Buffers.Binary;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Protocol.Tunnel;

/// <summary>
/// A tunnel message as it stands on an HTTP/2 stream: gRPC's 5-byte prefix, protobuf's tag and length of
/// <c>TunnelMessage.payload</c>, the code, the body. By hand, because this is done once for every chunk of payload.
/// </summary>
public static class TunnelMessageCodec
{
    /// <summary>Everything before the body never takes more.</summary>
    public const int MaxPrefixLength = GrpcFraming.PrefixLength + 1 + 5 + 1;

    /// <summary>The longest body of a Data message that we send: with its prefix 64 KiB. Any datagram fits.</summary>
    public const int MaxDataLength = (64 * 1024) - LongPrefixLength;

    // Many peers take DATA frames of 16,384 bytes and no more.
    /// <summary>
    /// The body of a Data message within a stream of bytes: with its prefix and the headers of its DATA frames it is one write of
    /// the transport, and one frame of a port-forward.
    /// </summary>
    public const int BulkDataLength = MaxDataLength - (4 * 9);

    private const int LongPrefixLength = GrpcFraming.PrefixLength + 1 + 3 + 1;
    private const byte PayloadTag = (1 << 3) | 2;

    /// <summary>Bytes that <see cref="WritePrefix"/> writes for a body of that length.</summary>
    public static int PrefixLength(int bodyLength) =>
        GrpcFraming.PrefixLength + 1 + UVarint.LengthOf((uint)bodyLength + 1) + 1;

    /// <summary>Writes everything before the body.</summary>
    /// <returns>Bytes written, at most <see cref="MaxPrefixLength"/>.</returns>
    public static int WritePrefix(Span<byte> destination, TunnelMessageCode code, int bodyLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bodyLength);
        var payloadLength = (uint)bodyLength + 1;
        var messageLength = 1 + (uint)UVarint.LengthOf(payloadLength) + payloadLength;
        destination[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], messageLength);
        destination[5] = PayloadTag;
        var at = 6 + UVarint.Write(destination[6..], payloadLength);
        destination[at] = (byte)code;
        return at + 1;
    }

    /// <summary>A whole small message with its gRPC prefix.</summary>
    public static byte[] Encode(TunnelMessageCode code, ReadOnlySpan<byte> body)
    {
        var bytes = new byte[PrefixLength(body.Length) + body.Length];
        body.CopyTo(bytes.AsSpan(WritePrefix(bytes, code, body.Length)));
        return bytes;
    }

    /// <summary>
    /// Reads the protobuf message (without gRPC's prefix). Unknown fields are skipped, the last payload counts, as protobuf
    /// rules. False: no protobuf, or an empty payload.
    /// </summary>
    /// <param name="body">Where in <paramref name="message"/> the body is.</param>
    public static bool TryParse(ReadOnlySpan<byte> message, out TunnelMessageCode code, out Range body)
    {
        code = default;
        body = default;
        var found = false;
        var at = 0;
        while (at < message.Length)
        {
            var length = UVarint.Read(message[at..], out var tag);
            if (length <= 0 || tag > uint.MaxValue || tag >> 3 == 0)
                return false;
            at += length;
            switch (tag & 7)
            {
                case 0:
                    length = UVarint.Read(message[at..], out _);
                    if (length <= 0)
                        return false;
                    at += length;
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    length = UVarint.Read(message[at..], out var size);
                    if (length <= 0 || size > (ulong)(message.Length - at - length))
                        return false;
                    at += length;
                    if (tag == PayloadTag)
                    {
                        if (size == 0)
                            return false;
                        found = true;
                        code = (TunnelMessageCode)message[at];
                        body = new Range(at + 1, at + (int)size);
                    }
                    at += (int)size;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    return false;
            }
        }
        return found && at == message.Length;
    }

    /// <summary>
    /// The prefix of the usual message, that holds the payload and nothing else. Says how much of
    /// <paramref name="buffer"/> it takes, or that there is not enough yet, or that the message is unusual.
    /// </summary>
    internal static PrefixKind ReadPrefix(
        ReadOnlySpan<byte> buffer,
        out int messageLength,
        out int prefixLength,
        out TunnelMessageCode code,
        out int bodyLength
    )
    {
        (messageLength, prefixLength, code, bodyLength) = (0, 0, default, 0);
        if (buffer.Length < GrpcFraming.PrefixLength)
            return PrefixKind.Incomplete;
        if (buffer[0] != 0)
            return PrefixKind.Compressed;
        var length = BinaryPrimitives.ReadUInt32BigEndian(buffer[1..]);
        if (length > int.MaxValue - 64)
            return PrefixKind.TooLong;
        messageLength = (int)length;
        // The code byte has to be there too; a message shorter than tag, length and code is an unusual one.
        if (messageLength < 3)
            return PrefixKind.Unusual;
        if (buffer.Length < GrpcFraming.PrefixLength + 1)
            return PrefixKind.Incomplete;
        if (buffer[5] != PayloadTag)
            return PrefixKind.Unusual;
        var within = buffer[6..];
        if (within.Length > messageLength - 1)
            within = within[..(messageLength - 1)];
        var varint = UVarint.Read(within, out var payloadLength);
        if (varint == 0 && within.Length < messageLength - 1)
            return PrefixKind.Incomplete;
        if (varint <= 0 || payloadLength == 0 || payloadLength != (ulong)(messageLength - 1 - varint))
            return PrefixKind.Unusual;
        prefixLength = 6 + varint + 1;
        if (buffer.Length < prefixLength)
            return PrefixKind.Incomplete;
        code = (TunnelMessageCode)buffer[prefixLength - 1];
        bodyLength = (int)payloadLength - 1;
        return PrefixKind.Usual;
    }

    internal enum PrefixKind
    {
        Incomplete,
        Usual,
        Unusual,
        Compressed,
        TooLong,
    }
}
