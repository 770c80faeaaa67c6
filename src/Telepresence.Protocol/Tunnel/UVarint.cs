namespace Telepresence.Protocol.Tunnel;

/// <summary>Unsigned LEB128, as protobuf and the tunnel's handshake use it.</summary>
internal static class UVarint
{
    /// <summary>Bytes of the longest 64-bit value.</summary>
    public const int MaxLength = 10;

    public static int LengthOf(ulong value)
    {
        var length = 1;
        while (value >= 0x80)
        {
            value >>= 7;
            length++;
        }
        return length;
    }

    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, ulong value)
    {
        var i = 0;
        while (value >= 0x80)
        {
            destination[i++] = (byte)(value | 0x80);
            value >>= 7;
        }
        destination[i++] = (byte)value;
        return i;
    }

    /// <returns>Bytes read; 0: cut short; -1: does not fit 64 bits.</returns>
    public static int Read(ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (var i = 0; i < source.Length; i++)
        {
            var b = source[i];
            if (i == MaxLength - 1 && b > 1)
                return -1;
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b < 0x80)
                return i + 1;
        }
        return source.Length >= MaxLength ? -1 : 0;
    }
}
