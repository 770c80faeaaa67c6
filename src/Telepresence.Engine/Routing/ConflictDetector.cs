using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Routing;

/// <summary>A cluster subnet and a route that is already there share addresses.</summary>
/// <param name="Owner">Whose route it is, where the interface tells: <c>OpenVPN</c>, <c>Tailscale</c> …; else empty.</param>
internal sealed record RouteConflict(IPNetwork Subnet, SystemRoute Route, IPAddress? LocalAddress, string Owner)
{
    /// <summary>The route as upstream prints it (PROTOCOL §4.3): via is the local address.</summary>
    public string RouteText =>
        $"{Route.Destination} via {LocalAddress?.ToString() ?? "-"} dev {Route.InterfaceName}"
        + (Route.Gateway is null ? "" : $", gw {Route.Gateway}");

    public override string ToString() => $"subnet {Subnet} overlaps with existing route \"{RouteText}\"";
}

/// <summary>
/// Finds out which subnets overlap which existing routes (PROTOCOL §4.3). Facts only: what they mean is decided by the
/// session. Pure.
/// </summary>
internal static class ConflictDetector
{
    /// <param name="subnets">Subnets to be routed.</param>
    /// <param name="ownInterfaces">Indices of this engine's interfaces, whose routes conflict with nothing.</param>
    /// <returns>In the order of the subnets, the most specific route first; no route twice for a subnet.</returns>
    public static IReadOnlyList<RouteConflict> Find(
        IEnumerable<IPNetwork> subnets,
        RoutingSnapshot snapshot,
        IReadOnlySet<int> ownInterfaces
    )
    {
        var interfaces = snapshot.Interfaces.ToDictionary(i => i.Index);
        var candidates = snapshot
            .Routes.Where(r =>
                r.Kind == RouteKind.Unicast
                && !IsDefault(r.Destination)
                && !ownInterfaces.Contains(r.InterfaceIndex)
                && interfaces.TryGetValue(r.InterfaceIndex, out var i)
                && i.IsUp
            )
            .OrderByDescending(r => r.Destination.PrefixLength)
            .ThenBy(r => r.Metric)
            .ToList();
        return
        [
            .. subnets.SelectMany(subnet =>
                candidates
                    .Where(r => r.Destination.Overlaps(subnet))
                    .DistinctBy(r => (r.Destination, r.InterfaceIndex, r.Gateway))
                    .Select(r => new RouteConflict(
                        subnet,
                        r,
                        LocalAddress(r, interfaces[r.InterfaceIndex]),
                        InterfaceOwner.Of(interfaces[r.InterfaceIndex])
                    ))
            ),
        ];
    }

    // A default route, or one of the two halves that OpenVPN's redirect-gateway makes in its place.
    private static bool IsDefault(IPNetwork destination) => destination.PrefixLength <= 1;

    /// <summary>The route's own source, else the interface's address in the gateway's or the route's subnet, else its first.</summary>
    private static IPAddress? LocalAddress(SystemRoute route, SystemInterface on)
    {
        if (route.PreferredSource is { } source)
        {
            return source;
        }
        var family = route.Destination.BaseAddress.AddressFamily;
        var ofFamily = on
            .HostAddresses.Where(a => a.AddressFamily == family)
            .OrderBy(a => family == AddressFamily.InterNetworkV6 && a.IsIPv6LinkLocal)
            .ToList();
        var near = on.Addresses.Where(n => n.Contains(route.Gateway ?? route.Destination.BaseAddress)).ToList();
        return ofFamily.Find(a => near.Exists(n => n.Contains(a))) ?? ofFamily.FirstOrDefault();
    }
}
