using System.Buffers.Binary;

namespace Telepresence.Protocol.Spdy;

/// <summary>The eight bytes before every frame.</summary>
/// <param name="IsControl">A control frame; otherwise data of <paramref name="StreamId"/>.</param>
internal readonly record struct SpdyFrameHeader(
    bool IsControl,
    SpdyFrameType Type,
    uint StreamId,
    byte Flags,
    int Length
)
{
    public const int Size = 8;
    public const byte FlagFin = 1;
    public const int MaxLength = 0xFFFFFF;
    private const ushort ControlVersion3 = 0x8003;

    public bool IsFin => (Flags & FlagFin) != 0;

    /// <exception cref="SpdyProtocolException">A control frame of another SPDY version.</exception>
    public static SpdyFrameHeader Parse(ReadOnlySpan<byte> bytes)
    {
        var flags = bytes[4];
        var length = (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) & 0xFFFFFF);
        if ((bytes[0] & 0x80) == 0)
        {
            return new(false, default, BinaryPrimitives.ReadUInt32BigEndian(bytes), flags, length);
        }
        var version = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (version != ControlVersion3)
        {
            throw new SpdyProtocolException($"SPDY version {version & 0x7FFF} is not spoken here; 3 is.");
        }
        return new(true, (SpdyFrameType)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 0, flags, length);
    }

    public static void WriteControl(Span<byte> bytes, SpdyFrameType type, byte flags, int length)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, ControlVersion3);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)type);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)flags << 24 | (uint)length);
    }

    public static void WriteData(Span<byte> bytes, uint streamId, byte flags, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, streamId);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)flags << 24 | (uint)length);
    }
}
