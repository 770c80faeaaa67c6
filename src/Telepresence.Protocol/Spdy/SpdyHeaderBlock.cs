using System.Buffers.Binary;
using System.Text;

namespace Telepresence.Protocol.Spdy;

/// <summary>The uncompressed name/value block of SPDY/3, section 2.6.10.</summary>
internal static class SpdyHeaderBlock
{
    private const int MaxHeaders = 256;

    /// <exception cref="SpdyProtocolException">A length that leaves the block, or too many headers.</exception>
    public static Dictionary<string, string> Parse(ReadOnlySpan<byte> block)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var count = ReadLength(ref block);
        if (count > MaxHeaders)
        {
            throw new SpdyProtocolException($"A header block with {count} headers; {MaxHeaders} are allowed.");
        }
        for (var i = 0; i < count; i++)
        {
            var name = ReadText(ref block);
            headers[name] = ReadText(ref block);
        }
        return headers;
    }

    public static byte[] Format(IReadOnlyCollection<KeyValuePair<string, string>> headers)
    {
        using var block = new MemoryStream();
        WriteLength(block, headers.Count);
        foreach (var (name, value) in headers)
        {
            WriteText(block, name);
            WriteText(block, value);
        }
        return block.ToArray();
    }

    private static int ReadLength(ref ReadOnlySpan<byte> block)
    {
        if (block.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(block) > SpdyFrameHeader.MaxLength)
        {
            throw new SpdyProtocolException("A header block ends within a length.");
        }
        var length = BinaryPrimitives.ReadInt32BigEndian(block);
        block = block[4..];
        return length;
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        var length = ReadLength(ref block);
        if (length > block.Length)
        {
            throw new SpdyProtocolException("A header reaches past its block.");
        }
        var text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }

    private static void WriteLength(MemoryStream block, int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        block.Write(bytes);
    }

    private static void WriteText(MemoryStream block, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        WriteLength(block, bytes.Length);
        block.Write(bytes);
    }
}
