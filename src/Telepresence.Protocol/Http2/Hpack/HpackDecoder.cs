using System.Buffers;
using System.Text;

namespace Telepresence.Protocol.Http2.Hpack;

/// <summary>Reads header blocks (RFC 7541): one for each direction of a connection, and every block through it.</summary>
/// <param name="maxTableSize">What SETTINGS_HEADER_TABLE_SIZE granted.</param>
/// <param name="maxListSize">A list that is larger (RFC 9113 §6.5.2) is read to its end, but not given out.</param>
internal sealed class HpackDecoder(int maxTableSize, int maxListSize)
{
    private readonly DynamicTable _table = new(maxTableSize);

    /// <summary>Adds the block's fields to a list.</summary>
    /// <returns>False: too many, and the list is not complete.</returns>
    /// <exception cref="Http2Exception">CompressionError: the connection is of no use any more.</exception>
    public bool Decode(ReadOnlySpan<byte> block, List<HeaderField> fields)
    {
        var size = 0L;
        var mayResize = true;
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0xe0) == 0x20)
            {
                // §4.2: only at a block's beginning.
                var capacity = HpackInteger.Read(ref block, 5);
                if (!mayResize || capacity > maxTableSize)
                    throw Malformed("a table size that was not granted");
                _table.SetCapacity(capacity);
                continue;
            }
            mayResize = false;
            var field = (first & 0x80) != 0 ? Get(HpackInteger.Read(ref block, 7)) : ReadLiteral(ref block, first);
            size += field.Size;
            if (size <= maxListSize)
                fields.Add(field);
        }
        return size <= maxListSize;
    }

    private HeaderField ReadLiteral(ref ReadOnlySpan<byte> block, byte first)
    {
        var isAdded = (first & 0x40) != 0;
        var index = HpackInteger.Read(ref block, isAdded ? 6 : 4);
        var name = index > 0 ? Get(index).Name : ReadString(ref block);
        var field = new HeaderField(name, ReadString(ref block));
        if (isAdded)
            _table.Add(field);
        return field;
    }

    private HeaderField Get(int index)
    {
        if (index > 0 && index <= StaticTable.Count)
            return StaticTable.Get(index);
        index -= StaticTable.Count + 1;
        return index >= 0 && index < _table.Count ? _table.Get(index) : throw Malformed("an index that names no field");
    }

    private static string ReadString(ref ReadOnlySpan<byte> block)
    {
        var isHuffman = !block.IsEmpty && (block[0] & 0x80) != 0;
        var length = HpackInteger.Read(ref block, 7);
        if (length > block.Length)
            throw Malformed("a string that is longer than its block");
        var bytes = block[..length];
        block = block[length..];
        if (!isHuffman)
            return Encoding.Latin1.GetString(bytes);
        var decoded = ArrayPool<byte>.Shared.Rent(length * 2);
        try
        {
            return Encoding.Latin1.GetString(decoded, 0, HuffmanCode.Decode(bytes, decoded));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded);
        }
    }

    private static Http2Exception Malformed(string what) =>
        Http2Exception.OfConnection(Http2ErrorCode.CompressionError, what);
}
