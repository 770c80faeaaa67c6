using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>The head of an HTTP/1 request (RFC 9112), as far as its way and its end depend on it.</summary>
/// <param name="Path">With query.</param>
/// <param name="Headers">By lower-case name.</param>
/// <param name="ContentLength">Bytes of the body; null: it has another end.</param>
/// <param name="IsChunked">The body tells its own end.</param>
/// <param name="IsUpgrade">What follows may be another protocol.</param>
internal sealed record RequestHead(
    string Path,
    ILookup<string, string> Headers,
    long? ContentLength,
    bool IsChunked,
    bool IsUpgrade
)
{
    /// <summary>A longer one is not looked at.</summary>
    public const int MaxLength = 64 * 1024;

    public static ReadOnlySpan<byte> End => "\r\n\r\n"u8;

    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out RequestHead? head)
    {
        head = null;
        var lines = Encoding.Latin1.GetString(bytes[..^End.Length]).Split("\r\n");
        if (
            lines[0].Split(' ') is not [{ Length: > 0 } method, { Length: > 0 } target, var version]
            || !version.StartsWith("HTTP/1.", StringComparison.Ordinal)
        )
            return false;
        var headers = new List<(string Name, string Value)>();
        foreach (var line in lines.AsSpan(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
                return false;
            headers.Add((line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim(' ', '\t')));
        }
        var byName = headers.ToLookup(h => h.Name, h => h.Value);
        var isChunked = byName["transfer-encoding"].Any(v => v.Contains("chunked", StringComparison.OrdinalIgnoreCase));
        long? length = null;
        if (!isChunked && byName["content-length"].FirstOrDefault() is { } text)
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                return false;
            length = value;
        }
        // Absolute form: the path is behind the authority.
        var path =
            !target.StartsWith('/') && Uri.TryCreate(target, UriKind.Absolute, out var uri) ? uri.PathAndQuery : target;
        head = new RequestHead(path, byName, length, isChunked, method == "CONNECT" || byName["upgrade"].Any());
        return true;
    }
}
