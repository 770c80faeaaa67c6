using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Dns;

/// <summary>The names that PTR records hang on: in-addr.arpa (RFC 1035 §3.5) and ip6.arpa (RFC 3596 §2.5).</summary>
internal static class ReverseName
{
    private const string SuffixV4 = ".in-addr.arpa.";
    private const string SuffixV6 = ".ip6.arpa.";

    /// <param name="name">Lower case with trailing dot.</param>
    /// <returns>Null: not the name of one address.</returns>
    public static IPAddress? Parse(ReadOnlySpan<char> name)
    {
        if (name.EndsWith(SuffixV4, StringComparison.Ordinal))
            return ParseV4(name[..^SuffixV4.Length]);
        return name.EndsWith(SuffixV6, StringComparison.Ordinal) ? ParseV6(name[..^SuffixV6.Length]) : null;
    }

    public static string Format(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        Array.Reverse(bytes);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? string.Join('.', bytes) + SuffixV4
            : string.Join('.', bytes.Select(b => $"{b & 0xF:x}.{b >> 4:x}")) + SuffixV6;
    }

    private static IPAddress? ParseV4(ReadOnlySpan<char> labels)
    {
        Span<byte> bytes = stackalloc byte[4];
        var index = 3;
        foreach (var range in labels.Split('.'))
        {
            var label = labels[range];
            if (index < 0 || (label.Length > 1 && label[0] == '0'))
                return null;
            if (!byte.TryParse(label, System.Globalization.NumberStyles.None, null, out bytes[index--]))
                return null;
        }
        return index < 0 ? new IPAddress(bytes) : null;
    }

    private static IPAddress? ParseV6(ReadOnlySpan<char> labels)
    {
        if (labels.Length != 63)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        for (var i = 0; i < 32; i++)
        {
            var digit = labels[i * 2];
            if (!char.IsAsciiHexDigit(digit) || (i < 31 && labels[(i * 2) + 1] != '.'))
                return null;
            var value = Convert.ToByte(digit.ToString(), 16);
            bytes[15 - (i / 2)] |= (byte)(i % 2 == 0 ? value : value << 4);
        }
        return new IPAddress(bytes);
    }
}
