using System.Net;

namespace Telepresence.Kubernetes;

/// <summary>
/// Hosts that are reached without the environment's proxy, as Go's programs read <c>NO_PROXY</c>: names with their
/// subdomains, <c>.suffix</c> for subdomains alone, addresses, CIDRs, <c>*</c>; a port narrows. This machine always is.
/// </summary>
internal sealed class NoProxyList
{
    private readonly string[] _entries;

    private NoProxyList(string[] entries) => _entries = entries;

    public static NoProxyList Parse(string? text) =>
        new((text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    public bool Contains(Uri server)
    {
        var host = server.IdnHost.TrimEnd('.').ToLowerInvariant();
        var address = IPAddress.TryParse(host, out var parsed) ? parsed : null;
        if (host == "localhost" || (address is not null && IPAddress.IsLoopback(address)))
        {
            return true;
        }
        return _entries.Any(entry => Matches(entry.ToLowerInvariant(), host, server.Port, address));
    }

    private static bool Matches(string entry, string host, int port, IPAddress? address)
    {
        if (entry == "*")
        {
            return true;
        }
        if (IPNetwork.TryParse(entry, out var network))
        {
            return address is not null && network.Contains(address);
        }
        if (IPAddress.TryParse(entry.Trim('[', ']'), out var single))
        {
            return single.Equals(address);
        }
        var colon = entry.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(entry.AsSpan(colon + 1), out var only))
        {
            return only == port && Matches(entry[..colon], host, port, address);
        }
        var suffix = entry.TrimStart('*');
        return suffix.StartsWith('.')
            ? suffix.Length > 1 && host.EndsWith(suffix, StringComparison.Ordinal)
            : host == suffix || host.EndsWith("." + suffix, StringComparison.Ordinal);
    }
}
