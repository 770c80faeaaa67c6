namespace Telepresence.Protocol.Http2.Hpack;

/// <summary>
/// HPACK's Huffman code (RFC 7541 appendix B). It is canonical: codes of one length follow each other in the order of their
/// symbols, so that the lengths are all there is to know.
/// </summary>
internal static class HuffmanCode
{
    private const int Longest = 30;
    private const int EndOfString = 256;

    // csharpier-ignore-start
    private static readonly byte[] s_lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];
    // csharpier-ignore-end

    private static readonly uint[] s_codes = new uint[EndOfString + 1];

    // Of each length: its first code, and where its symbols begin in s_symbols.
    private static readonly uint[] s_firstCode = new uint[Longest + 2];
    private static readonly int[] s_firstSymbol = new int[Longest + 2];
    private static readonly short[] s_symbols = new short[EndOfString + 1];

    static HuffmanCode()
    {
        uint code = 0;
        var at = 0;
        for (var length = 1; length <= Longest; length++)
        {
            code <<= 1;
            s_firstCode[length] = code;
            s_firstSymbol[length] = at;
            for (var symbol = 0; symbol <= EndOfString; symbol++)
            {
                if (s_lengths[symbol] != length)
                    continue;
                s_codes[symbol] = code++;
                s_symbols[at++] = (short)symbol;
            }
        }
        s_firstSymbol[Longest + 1] = at;
    }

    /// <summary>Bytes that <see cref="Encode"/> writes.</summary>
    public static int EncodedLength(ReadOnlySpan<byte> text)
    {
        var bits = 0L;
        foreach (var b in text)
            bits += s_lengths[b];
        return (int)((bits + 7) / 8);
    }

    /// <param name="destination">At least <see cref="EncodedLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Encode(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        var at = 0;
        ulong pending = 0;
        var bits = 0;
        foreach (var b in text)
        {
            pending = (pending << s_lengths[b]) | s_codes[b];
            bits += s_lengths[b];
            while (bits >= 8)
                destination[at++] = (byte)(pending >> (bits -= 8));
        }
        if (bits > 0)
            destination[at++] = (byte)((pending << (8 - bits)) | (0xffu >> bits));
        return at;
    }

    /// <summary>Decodes until the end of <paramref name="encoded"/>.</summary>
    /// <param name="destination">Two bytes for each of <paramref name="encoded"/> are enough: no code is shorter than five bits.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="Http2Exception">CompressionError: EOS within, or padding that is none.</exception>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> destination)
    {
        var at = 0;
        uint code = 0;
        var length = 0;
        foreach (var b in encoded)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                code = (code << 1) | (uint)((b >> bit) & 1);
                length++;
                var symbol = (int)(code - s_firstCode[length]) + s_firstSymbol[length];
                if (code < s_firstCode[length] || symbol >= s_firstSymbol[length + 1])
                    continue;
                if (s_symbols[symbol] == EndOfString)
                    throw Malformed("EOS in a Huffman-coded string");
                destination[at++] = (byte)s_symbols[symbol];
                (code, length) = (0, 0);
            }
        }
        // RFC 7541 §5.2: less than a byte of padding, and it is the beginning of EOS, which is ones.
        if (length > 7 || code != (1u << length) - 1)
            throw Malformed("wrong padding of a Huffman-coded string");
        return at;
    }

    private static Http2Exception Malformed(string what) =>
        Http2Exception.OfConnection(Http2ErrorCode.CompressionError, what);
}
