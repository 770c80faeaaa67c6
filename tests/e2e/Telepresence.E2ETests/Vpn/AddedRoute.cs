using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.Vpn;

/// <summary>A route that somebody other than us sets, for as long as this lives.</summary>
internal sealed class AddedRoute : IDisposable
{
    private readonly NetworkNamespace _net;
    private readonly string _route;

    /// <param name="route">As <c>ip route add</c> takes it.</param>
    public AddedRoute(NetworkNamespace net, string route)
    {
        _net = net;
        _route = route;
        net.Ip($"route add {route}");
    }

    public void Dispose() => _net.Ip($"route delete {_route}");
}
