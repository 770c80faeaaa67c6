using System.Buffers.Binary;

namespace Telepresence.Protocol.Http2;

/// <summary>What every frame begins with (RFC 9113 §4.1).</summary>
/// <param name="Length">Bytes that follow the header, less than 2^24.</param>
/// <param name="Type">Unknown ones are to be skipped.</param>
/// <param name="Flags">By the type.</param>
/// <param name="StreamId">0: of the connection.</param>
internal readonly record struct Http2FrameHeader(int Length, Http2FrameType Type, Http2FrameFlags Flags, int StreamId)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 9;

    public bool Has(Http2FrameFlags flag) => (Flags & flag) != 0;

    /// <param name="source">At least <see cref="Size"/> bytes.</param>
    public static Http2FrameHeader Parse(ReadOnlySpan<byte> source) =>
        new(
            BinaryPrimitives.ReadInt32BigEndian(source) >>> 8,
            (Http2FrameType)source[3],
            (Http2FrameFlags)source[4],
            BinaryPrimitives.ReadInt32BigEndian(source[5..]) & int.MaxValue
        );

    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, (Length << 8) | (int)Type);
        destination[4] = (byte)Flags;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], StreamId);
    }
}
