using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.Vpn;

/// <summary>A route or rule that somebody other than us sets, for as long as this lives.</summary>
internal sealed class Added : IDisposable
{
    private readonly NetworkNamespace _net;
    private readonly string _what;
    private readonly string _entry;

    private Added(NetworkNamespace net, string what, string entry)
    {
        (_net, _what, _entry) = (net, what, entry);
        net.Ip($"{what} add {entry}");
    }

    /// <param name="route">As <c>ip route add</c> takes it.</param>
    public static Added Route(NetworkNamespace net, string route) => new(net, "route", route);

    /// <param name="rule">As <c>ip rule add</c> takes it.</param>
    public static Added Rule(NetworkNamespace net, string rule) => new(net, "rule", rule);

    public void Dispose() => _net.Ip($"{_what} delete {_entry}");
}
