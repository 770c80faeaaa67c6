namespace Telepresence.Protocol.Http2.Hpack;

/// <summary>RFC 7541 §5.1: an integer in the low bits of a byte, and in bytes that follow where these do not suffice.</summary>
internal static class HpackInteger
{
    /// <summary>Written bytes never are more.</summary>
    public const int MaxLength = 6;

    /// <param name="flags">The first byte's high bits.</param>
    /// <param name="prefix">Low bits of the first byte.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, byte flags, int prefix, int value)
    {
        var most = (1 << prefix) - 1;
        if (value < most)
        {
            destination[0] = (byte)(flags | value);
            return 1;
        }
        destination[0] = (byte)(flags | most);
        var at = 1;
        for (value -= most; value >= 0x80; value >>= 7)
            destination[at++] = (byte)(value | 0x80);
        destination[at++] = (byte)value;
        return at;
    }

    /// <summary>Reads and moves on.</summary>
    /// <exception cref="Http2Exception">CompressionError: cut short, or more than 2^28: nothing here is that large.</exception>
    public static int Read(ref ReadOnlySpan<byte> source, int prefix)
    {
        if (source.IsEmpty)
            throw CutShort();
        var most = (1 << prefix) - 1;
        var value = source[0] & most;
        var at = 1;
        for (var shift = 0; at == 1 ? value == most : (source[at - 1] & 0x80) != 0; shift += 7)
        {
            if (shift > 21)
                throw Http2Exception.OfConnection(Http2ErrorCode.CompressionError, "an integer that is too large");
            if (at == source.Length)
                throw CutShort();
            value += (source[at++] & 0x7f) << shift;
        }
        source = source[at..];
        return value;
    }

    private static Http2Exception CutShort() =>
        Http2Exception.OfConnection(Http2ErrorCode.CompressionError, "a header block that is cut short");
}
