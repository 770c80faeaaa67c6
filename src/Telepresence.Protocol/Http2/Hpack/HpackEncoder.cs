using System.Buffers;
using System.Text;

namespace Telepresence.Protocol.Http2.Hpack;

/// <summary>
/// Writes header blocks (RFC 7541) without a dynamic table: requests are few and short, and a block then depends on no other.
/// Values that tell who calls are marked as never to be put into anybody's table (§7.1.3).
/// </summary>
internal static class HpackEncoder
{
    private const byte Indexed = 0x80;
    private const byte WithoutIndexing = 0x00;
    private const byte NeverIndexed = 0x10;
    private const byte Huffman = 0x80;

    /// <summary>
    /// The peer's table for us is empty from here on (§4.2). As the first bytes of a connection's first block it covers
    /// whatever SETTINGS_HEADER_TABLE_SIZE the peer names later.
    /// </summary>
    public const byte EmptyTable = 0x20;

    public static void Write(IBufferWriter<byte> block, HeaderField field)
    {
        if (StaticTable.IndexOf(field) is > 0 and var index)
        {
            WriteInteger(block, Indexed, 7, index);
            return;
        }
        var name = StaticTable.IndexOfName(field.Name);
        WriteInteger(block, IsSecret(field.Name) ? NeverIndexed : WithoutIndexing, 4, name);
        if (name == 0)
            WriteString(block, field.Name);
        WriteString(block, field.Value);
    }

    private static bool IsSecret(string name) => name is "authorization" or "cookie" or "proxy-authorization";

    private static void WriteString(IBufferWriter<byte> block, string text)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(text.Length);
        var raw = bytes.AsSpan(0, Encoding.Latin1.GetBytes(text, bytes));
        var encoded = HuffmanCode.EncodedLength(raw);
        if (encoded < raw.Length)
        {
            WriteInteger(block, Huffman, 7, encoded);
            HuffmanCode.Encode(raw, block.GetSpan(encoded));
            block.Advance(encoded);
        }
        else
        {
            WriteInteger(block, 0, 7, raw.Length);
            block.Write(raw);
        }
        ArrayPool<byte>.Shared.Return(bytes);
    }

    private static void WriteInteger(IBufferWriter<byte> block, byte flags, int prefix, int value) =>
        block.Advance(HpackInteger.Write(block.GetSpan(HpackInteger.MaxLength), flags, prefix, value));
}
