using System.Buffers.Binary;

namespace Telepresence.Protocol.Spdy;

/// <summary>Writes header blocks as one zlib stream of stored blocks: what is sent is a few dozen bytes a stream.</summary>
internal sealed class SpdyHeaderDeflater
{
    // CMF: deflate, 32 KiB window; FLG: FDICT and the check bits that make the pair a multiple of 31.
    private const ushort ZlibHeader = 0x78BB;

    // What zlib's sync flush ends with. Go's inflater hands out a block's bytes only when it meets one.
    private static readonly byte[] s_flush = StoredBlock.Create([]);
    private bool _started;

    public byte[] Deflate(ReadOnlySpan<byte> block)
    {
        byte[] stored = [.. StoredBlock.Create(block), .. s_flush];
        if (_started)
        {
            return stored;
        }
        _started = true;
        var bytes = new byte[6 + stored.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, ZlibHeader);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), SpdyDictionary.Adler32);
        stored.CopyTo(bytes, 6);
        return bytes;
    }
}
