using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Telepresence.Client.Measurements;

/// <summary>What is measured: a host and a port, and perhaps a URL to download.</summary>
/// <param name="Text">As the user wrote it.</param>
/// <param name="Host">Name or address, without brackets.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Url">To download; null: nothing is downloaded.</param>
public sealed record MeasurementTarget(string Text, string Host, int Port, Uri? Url)
{
    /// <summary>Reads <c>HOST</c>, <c>HOST:PORT</c>, <c>[IPv6]:PORT</c> or a http(s) URL.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="port">Port of a host without one; null: it must have one.</param>
    /// <param name="target">What it means.</param>
    public static bool TryParse(string text, int? port, [NotNullWhen(true)] out MeasurementTarget? target)
    {
        target = null;
        if (text.Contains("://", StringComparison.Ordinal))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                return false;
            }
            target = new MeasurementTarget(text, url.DnsSafeHost, url.Port, url);
            return true;
        }
        if (IPAddress.TryParse(text, out var address) && port is { } own)
        {
            target = new MeasurementTarget(text, address.ToString(), own, null);
            return true;
        }
        var colon = text.LastIndexOf(':');
        var isBracketed = text.StartsWith('[') && text.Contains(']', StringComparison.Ordinal);
        var hasPort = colon > 0 && (isBracketed ? text[colon - 1] == ']' : text.IndexOf(':') == colon);
        var host = (hasPort ? text[..colon] : text).Trim('[', ']');
        var number = port ?? 0;
        if (hasPort && !int.TryParse(text.AsSpan(colon + 1), out number))
        {
            return false;
        }
        if (number is < 1 or > 65_535 || Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            return false;
        }
        target = new MeasurementTarget(text, host, number, null);
        return true;
    }
}
