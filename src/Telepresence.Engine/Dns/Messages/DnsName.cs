using System.Buffers.Binary;

namespace Telepresence.Engine.Dns;

/// <summary>
/// Domain names between the wire and the master-file notation of RFC 1035 §5.1: lower case, absolute, a dot inside a
/// label as <c>\.</c>, other odd bytes as <c>\DDD</c>. Lower case because names compare without it (RFC 4343).
/// </summary>
internal static class DnsName
{
    /// <summary>Longest name on the wire, root label included.</summary>
    public const int MaxWireLength = 255;

    /// <summary>Longest notation: every byte escaped.</summary>
    public const int MaxTextLength = MaxWireLength * 4;

    private const int MaxLabelLength = 63;
    private const int PointerMask = 0xC0;

    /// <summary>Reads a name; pointers must lead strictly backwards, so a loop cannot be written.</summary>
    /// <param name="offset">Where it starts; afterwards behind it.</param>
    /// <param name="allowPointers">False where the format forbids compression.</param>
    /// <param name="text">At least <see cref="MaxTextLength"/>.</param>
    /// <returns>False: malformed; nothing else is then to be relied on.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> message,
        ref int offset,
        bool allowPointers,
        Span<char> text,
        out int textLength
    )
    {
        textLength = 0;
        var position = offset;
        var lowest = offset;
        var behind = -1;
        var wireLength = 0;
        while (true)
        {
            if ((uint)position >= (uint)message.Length)
                return false;
            int length = message[position];
            if ((length & PointerMask) == PointerMask)
            {
                if (!allowPointers || position + 1 >= message.Length)
                    return false;
                var target = BinaryPrimitives.ReadUInt16BigEndian(message[position..]) & 0x3FFF;
                if (target >= lowest)
                    return false;
                if (behind < 0)
                    behind = position + 2;
                position = lowest = target;
                continue;
            }
            wireLength += length + 1;
            if (length > MaxLabelLength || wireLength > MaxWireLength || position + length >= message.Length)
                return false;
            position++;
            if (length == 0)
                break;
            textLength += WriteLabel(message.Slice(position, length), text[textLength..]);
            position += length;
        }
        if (textLength == 0)
            text[textLength++] = '.';
        offset = behind < 0 ? position : behind;
        return true;
    }

    /// <summary>Steps over a name without following pointers.</summary>
    public static bool TrySkip(ReadOnlySpan<byte> message, ref int offset)
    {
        var position = offset;
        while ((uint)position < (uint)message.Length)
        {
            int length = message[position];
            if ((length & PointerMask) == PointerMask)
            {
                offset = position + 2;
                return offset <= message.Length;
            }
            if (length > MaxLabelLength)
                return false;
            position += length + 1;
            if (length == 0)
            {
                offset = position;
                return position <= message.Length;
            }
        }
        return false;
    }

    /// <summary>Writes a name uncompressed; a missing trailing dot is taken as there.</summary>
    /// <returns>False: an empty or too long label, a bad escape, or no room.</returns>
    public static bool TryWrite(ReadOnlySpan<char> text, Span<byte> destination, out int written)
    {
        written = 0;
        if (text is ".")
            text = [];
        Span<byte> wire = stackalloc byte[MaxWireLength];
        var length = 0;
        while (!text.IsEmpty)
        {
            var labelAt = length++;
            while (!text.IsEmpty && text[0] != '.')
            {
                if (length >= MaxWireLength || !TryTakeByte(ref text, out wire[length++]))
                    return false;
            }
            var labelLength = length - labelAt - 1;
            if (labelLength is 0 or > MaxLabelLength || length >= MaxWireLength)
                return false;
            wire[labelAt] = (byte)labelLength;
            if (!text.IsEmpty)
                text = text[1..];
        }
        wire[length++] = 0;
        if (!wire[..length].TryCopyTo(destination))
            return false;
        written = length;
        return true;
    }

    /// <summary>Lower case with trailing dot: what names given by people and configuration are compared as.</summary>
    public static string Normalize(string name)
    {
        var lower = name.Trim().ToLowerInvariant();
        return lower.EndsWith('.') ? lower : lower + ".";
    }

    private static int WriteLabel(ReadOnlySpan<byte> label, Span<char> text)
    {
        var length = 0;
        foreach (var value in label)
        {
            switch (value)
            {
                case >= (byte)'A' and <= (byte)'Z':
                    text[length++] = (char)(value | 0x20);
                    break;
                case (byte)'.' or (byte)'\\':
                    text[length++] = '\\';
                    text[length++] = (char)value;
                    break;
                case > 0x20 and < 0x7F:
                    text[length++] = (char)value;
                    break;
                default:
                    text[length++] = '\\';
                    text[length++] = (char)('0' + (value / 100));
                    text[length++] = (char)('0' + (value / 10 % 10));
                    text[length++] = (char)('0' + (value % 10));
                    break;
            }
        }
        text[length++] = '.';
        return length;
    }

    private static bool TryTakeByte(ref ReadOnlySpan<char> text, out byte value)
    {
        var c = text[0];
        value = (byte)c;
        text = text[1..];
        if (c > 0x7F)
            return false;
        if (c != '\\')
            return true;
        if (text.IsEmpty)
            return false;
        if (!char.IsAsciiDigit(text[0]))
        {
            value = (byte)text[0];
            var ascii = text[0] <= 0x7F;
            text = text[1..];
            return ascii;
        }
        if (text.Length < 3 || !byte.TryParse(text[..3], System.Globalization.NumberStyles.None, null, out value))
            return false;
        text = text[3..];
        return true;
    }
}
