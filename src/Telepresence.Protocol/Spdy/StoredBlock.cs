using System.Buffers.Binary;

namespace Telepresence.Protocol.Spdy;

/// <summary>A non-final stored block of RFC 1951, section 3.2.4: deflate without compressing.</summary>
internal static class StoredBlock
{
    public const int HeaderSize = 5;
    public const int MaxLength = ushort.MaxValue;

    public static byte[] Create(ReadOnlySpan<byte> content)
    {
        if (content.Length > MaxLength)
        {
            throw new ArgumentOutOfRangeException(nameof(content), "A stored block holds at most 65,535 bytes.");
        }
        var block = new byte[HeaderSize + content.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(1), (ushort)content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(3), (ushort)~content.Length);
        content.CopyTo(block.AsSpan(HeaderSize));
        return block;
    }
}
