using System.Net;
using System.Net.Sockets;
using System.Text;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// Replaces the cluster's addresses in a container's environment by virtual ones (PROTOCOL §6.4), and the other way round:
/// every token of a value that reads as an address, wherever it stands (URLs, lists, host:port).
/// </summary>
internal static class EnvironmentTranslation
{
    /// <summary>Variables are taken in the order of their names, so that addresses are handed out the same each time.</summary>
    /// <exception cref="VirtualSubnetExhaustedException">No virtual address is left.</exception>
    public static Dictionary<string, string> ToVirtual(
        IReadOnlyDictionary<string, string> environment,
        IAddressTranslation translation
    )
    {
        var translated = new Dictionary<string, string>(environment.Count, StringComparer.Ordinal);
        foreach (var (name, value) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            translated[name] = ToVirtual(value, translation);
        return translated;
    }

    /// <exception cref="VirtualSubnetExhaustedException">No virtual address is left.</exception>
    public static string ToVirtual(string value, IAddressTranslation translation) =>
        Replace(value, translation.ToVirtual);

    /// <summary>What stands for nothing stays as it is.</summary>
    public static string ToCluster(string value, IAddressTranslation translation) =>
        Replace(value, address => translation.TryToCluster(address, out var cluster) ? cluster : address);

    private static string Replace(string value, Func<IPAddress, IPAddress> translate)
    {
        StringBuilder? result = null;
        var copied = 0;
        var position = 0;
        while (position < value.Length)
        {
            if (!IsTokenCharacter(value[position]))
            {
                position++;
                continue;
            }
            var start = position;
            while (position < value.Length && IsTokenCharacter(value[position]))
                position++;

            // Letters next to the token make it part of a word: "node10.1.2.3x" names no address.
            if ((start > 0 && IsWord(value[start - 1])) || (position < value.Length && IsWord(value[position])))
                continue;
            foreach (var (offset, length, address) in AddressesIn(value, start, position))
            {
                var replacement = translate(address);
                if (replacement.Equals(address))
                    continue;
                result ??= new StringBuilder(value.Length + 16);
                result.Append(value, copied, offset - copied).Append(replacement);
                copied = offset + length;
            }
        }
        return result is null ? value : result.Append(value, copied, value.Length - copied).ToString();
    }

    private static List<(int Offset, int Length, IPAddress Address)> AddressesIn(string value, int start, int end)
    {
        var found = new List<(int, int, IPAddress)>();
        var (from, to) = Trim(value, start, end);
        var token = value.AsSpan(from, to - from);
        if (
            token.Count(':') >= 2
            && IPAddress.TryParse(token, out var address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
        )
        {
            found.Add((from, token.Length, address));
            return found;
        }
        foreach (var range in token.Split(':'))
        {
            var (partStart, partLength) = range.GetOffsetAndLength(token.Length);
            if (TryParseDottedQuad(token.Slice(partStart, partLength)) is { } quad)
                found.Add((from + partStart, partLength, quad));
        }
        return found;
    }

    /// <summary>A sentence's full stop, or a colon that separates, is not the address's.</summary>
    private static (int Start, int End) Trim(string value, int start, int end)
    {
        while (end > start && value[end - 1] == '.')
            end--;
        if (end - start > 1 && value[end - 1] == ':' && value[end - 2] != ':')
            end--;
        return (start, end);
    }

    /// <summary>Four decimal numbers without leading zeros: what <see cref="IPAddress.TryParse(string, out IPAddress)"/> takes is wider.</summary>
    private static IPAddress? TryParseDottedQuad(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (count == 4 || part.IsEmpty || part.Length > 3 || (part.Length > 1 && part[0] == '0'))
                return null;
            if (!byte.TryParse(part, System.Globalization.NumberStyles.None, null, out bytes[count++]))
                return null;
        }
        return count == 4 ? new IPAddress(bytes) : null;
    }

    private static bool IsTokenCharacter(char c) => char.IsAsciiHexDigit(c) || c is '.' or ':';

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
