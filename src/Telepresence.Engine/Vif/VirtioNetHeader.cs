using System.Buffers.Binary;

namespace Telepresence.Engine.Vif;

/// <summary><c>struct virtio_net_hdr</c>, little endian (virtio 1.3 §5.1.6), to and from <see cref="PacketOffload"/>.</summary>
internal static class VirtioNetHeader
{
    public const int Length = 10;

    private const byte NeedsChecksum = 1;
    private const byte ExplicitCongestion = 0x80;

    public static PacketOffload Read(ReadOnlySpan<byte> header)
    {
        return new PacketOffload(
            (header[0] & NeedsChecksum) != 0,
            BinaryPrimitives.ReadUInt16LittleEndian(header[6..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[8..]),
            (Segmentation)(header[1] & ~ExplicitCongestion),
            BinaryPrimitives.ReadUInt16LittleEndian(header[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[2..])
        );
    }

    public static void Write(Span<byte> header, in PacketOffload offload)
    {
        header[0] = offload.PartialChecksum ? NeedsChecksum : (byte)0;
        header[1] = (byte)offload.Segmentation;
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], offload.HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], offload.SegmentSize);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], offload.ChecksumStart);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], offload.ChecksumOffset);
    }
}
