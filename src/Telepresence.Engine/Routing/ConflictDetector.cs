using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Routing;

/// <summary>
/// Finds out which subnets overlap which existing routes (PROTOCOL §4.3). Facts only: what they mean is decided by the
/// session. Pure, and made for one reading of the routing tables.
/// <para>A route counts when it can carry a packet elsewhere and some packet is routed by it: not a default route or one
/// of its halves, not unreachable, blackhole, prohibit or throw, not of an interface that is down, gone or our own, not of
/// a table that no rule looks up, or only for destinations elsewhere. A rule that selects by anything but the destination
/// (mark, interface, user, source, port) may select any packet: its table counts, because an application whose packets
/// it selects would lose what it reaches there.</para>
/// </summary>
internal sealed class ConflictDetector
{
    private readonly PrefixTrie<List<SystemRoute>> _routes = new();
    private readonly Dictionary<int, SystemInterface> _interfaces;
    private readonly Dictionary<int, string> _owners = [];
    private readonly RuledTables _tables;

    /// <param name="ownInterfaces">Indices of interfaces whose routes conflict with nothing.</param>
    public ConflictDetector(RoutingSnapshot snapshot, IReadOnlySet<int> ownInterfaces)
    {
        _tables = new RuledTables(snapshot.Rules);
        _interfaces = snapshot
            .Interfaces.Where(i => i.IsUp && !ownInterfaces.Contains(i.Index))
            .ToDictionary(i => i.Index);
        foreach (var route in snapshot.Routes)
        {
            if (!IsCandidate(route))
                continue;
            if (!_routes.TryGet(route.Destination, out var same))
                _routes.TryAdd(route.Destination, same = new List<SystemRoute>(1));
            same.Add(route);
        }
    }

    /// <summary>The most specific route first, of equal ones that of the lower metric; no route twice.</summary>
    public IReadOnlyList<RouteConflict> Find(IPNetwork subnet)
    {
        var found = new List<SystemRoute>();
        foreach (var entry in _routes.Covering(subnet))
            found.AddRange(entry.Value);
        foreach (var entry in _routes.Covered(subnet))
        {
            if (entry.Network.PrefixLength > subnet.PrefixLength)
                found.AddRange(entry.Value);
        }
        return
        [
            .. found
                .Where(r => _tables.Decides(r, subnet))
                .OrderByDescending(r => r.Destination.PrefixLength)
                .ThenBy(r => r.Metric)
                .DistinctBy(r => (r.Destination, r.InterfaceIndex, r.Gateway))
                .Select(r => Conflict(subnet, r)),
        ];
    }

    /// <summary>The first of them; null: no conflict.</summary>
    public RouteConflict? First(IPNetwork subnet) => Find(subnet) is [var first, ..] ? first : null;

    private bool IsCandidate(SystemRoute route) =>
        route.Kind == RouteKind.Unicast
        && !IsDefault(route.Destination)
        && _interfaces.ContainsKey(route.InterfaceIndex)
        && _tables.Decides(route, route.Destination);

    // A default route, or one of the two halves that OpenVPN's redirect-gateway makes in its place.
    private static bool IsDefault(IPNetwork destination) => destination.PrefixLength <= 1;

    private RouteConflict Conflict(IPNetwork subnet, SystemRoute route)
    {
        var on = _interfaces[route.InterfaceIndex];
        if (!_owners.TryGetValue(on.Index, out var owner))
            _owners[on.Index] = owner = InterfaceOwner.Of(on);
        return new RouteConflict(subnet, route, LocalAddress(route, on), owner);
    }

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
