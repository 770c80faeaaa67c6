using System.Net;

namespace Telepresence.TrafficManager.Pod;

/// <summary>What the pod's /etc/resolv.conf says.</summary>
/// <param name="NameServers">In order.</param>
/// <param name="ClusterDomain">With trailing dot; null: the search path is none of a pod, as with the host's network.</param>
internal sealed record ResolverConfiguration(IReadOnlyList<IPAddress> NameServers, string? ClusterDomain)
{
    public static ResolverConfiguration Parse(string text)
    {
        var servers = new List<IPAddress>();
        string[] search = [];
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2)
                continue;
            if (words[0] == "nameserver" && IPAddress.TryParse(words[1], out var address))
                servers.Add(address);
            else if (words[0] == "search")
                search = words[1..];
        }
        return new ResolverConfiguration(servers, DomainOf(search));
    }

    /// <summary>A pod's search path is <c>ns.svc.domain svc.domain domain</c>; any other tells nothing.</summary>
    private static string? DomainOf(string[] search)
    {
        if (search.Length < 3)
            return null;
        var domain = search[2].TrimEnd('.');
        return
            search[1].TrimEnd('.') == $"svc.{domain}"
            && search[0].TrimEnd('.').EndsWith($".svc.{domain}", StringComparison.Ordinal)
            ? domain + "."
            : null;
    }
}
