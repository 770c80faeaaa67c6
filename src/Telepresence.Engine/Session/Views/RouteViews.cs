using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Objects;
using Telepresence.Engine.Routing;

namespace Telepresence.Engine.Session.Views;

/// <summary>
/// Shows the operating system's routes as <c>Get-NetRoute</c> names them. Every route shown is one the kernel has: what
/// we believe to have installed is no evidence.
/// </summary>
internal static class RouteViews
{
    private const uint MainTable = 254;
    private const uint LocalTable = 255;

    /// <summary>The sessions' routes, and with <paramref name="includeSystem"/> all others.</summary>
    public static IEnumerable<TelepresenceRoute> All(
        RoutingSnapshot snapshot,
        IReadOnlyList<SessionRoutes> sessions,
        bool includeSystem
    )
    {
        var owners = snapshot.Interfaces.ToDictionary(i => i.Index, InterfaceOwner.Of);
        foreach (var route in snapshot.Routes)
        {
            var session = sessions.FirstOrDefault(s =>
                s.InterfaceIndex == route.InterfaceIndex && s.InterfaceIndex != 0
            );
            // The kernel's own entries for the VIF's address are no routes of the session.
            if (includeSystem || (session is not null && route.Kind == RouteKind.Unicast && route.Table != LocalTable))
                yield return View(route, session, owners.GetValueOrDefault(route.InterfaceIndex, ""));
        }
    }

    /// <summary>One route of the kernel.</summary>
    /// <param name="owner">Whose its interface is, or empty.</param>
    public static TelepresenceRoute View(SystemRoute route, SessionRoutes? session, string owner)
    {
        var (origin, disposition, clusterPrefix, via, conflict) =
            session is { } s && route.Table != LocalTable
                ? s.Describe(route.Destination)
                : (RouteOrigin.System, RouteDisposition.Excluded, "", "", "");
        return new TelepresenceRoute
        {
            DestinationPrefix = route.Destination.ToString(),
            NextHop = (route.Gateway ?? AnyAddress(route.Destination)).ToString(),
            InterfaceAlias = route.InterfaceName,
            InterfaceIndex = (uint)route.InterfaceIndex,
            InterfaceOwner = owner,
            RouteMetric = route.Metric,
            AddressFamily = FamilyOf(route.Destination.BaseAddress),
            Protocol = route.IsOurs ? "Telepresence" : ProtocolName(route.Protocol),
            TypeOfRoute = route.Kind.ToString(),
            Session = session?.Session ?? "",
            Origin = origin,
            Disposition = disposition,
            ClusterPrefix = clusterPrefix,
            Via = via,
            Conflict = conflict,
            Table = route.Table,
        };
    }

    /// <summary>The routes of the kernel that match an address but did not win, with the reason, the closest first.</summary>
    public static TelepresenceRouteCandidate[] Losers(
        RoutingSnapshot snapshot,
        IPAddress address,
        SystemRoute? winner
    ) =>
        [
            .. snapshot
                .Routes.Where(r => r.Destination.Contains(address) && !IsSame(r, winner))
                .OrderByDescending(r => r.Destination.PrefixLength)
                .ThenBy(r => r.Metric)
                .Select(r => new TelepresenceRouteCandidate
                {
                    DestinationPrefix = r.Destination.ToString(),
                    NextHop = (r.Gateway ?? AnyAddress(r.Destination)).ToString(),
                    InterfaceAlias = r.InterfaceName,
                    InterfaceIndex = (uint)r.InterfaceIndex,
                    RouteMetric = r.Metric,
                    Table = r.Table,
                    LostBecause = WhyLost(r, winner),
                }),
        ];

    public static AddressFamilyName FamilyOf(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? AddressFamilyName.IPv4 : AddressFamilyName.IPv6;

    private static bool IsSame(SystemRoute route, SystemRoute? winner) =>
        winner is not null
        && route.Destination == winner.Destination
        && route.InterfaceIndex == winner.InterfaceIndex
        && route.Table == winner.Table
        && route.Metric == winner.Metric
        && route.Kind == winner.Kind;

    private static string WhyLost(SystemRoute route, SystemRoute? winner)
    {
        if (winner is null)
            return "no rule of the system leads to its table";
        if (route.Table != winner.Table)
            return $"table {TableName(winner.Table)} was consulted first";
        if (route.Destination.PrefixLength < winner.Destination.PrefixLength)
            return $"less specific than {winner.Destination}";
        if (route.Destination.PrefixLength > winner.Destination.PrefixLength)
            return "does not fit the packet (type of service, scope or source)";
        return route.Metric > winner.Metric
            ? $"metric {route.Metric} is worse than {winner.Metric}"
            : "the system chose another of equal rank";
    }

    private static string TableName(uint table) =>
        table switch
        {
            MainTable => "main",
            LocalTable => "local",
            253 => "default",
            _ => table.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };

    public static IPAddress AnyAddress(IPNetwork network) =>
        network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;

    /// <summary>rtm_protocol (linux/rtnetlink.h) in NetTCPIP's words where it has one.</summary>
    private static string ProtocolName(byte protocol) =>
        protocol switch
        {
            1 => "Icmp",
            2 => "Local",
            3 or 4 => "NetMgmt",
            9 => "RouterAdvertisement",
            11 => "Zebra",
            12 => "Bird",
            16 => "Dhcp",
            18 => "Keepalived",
            186 => "Bgp",
            187 => "IsIs",
            188 => "Ospf",
            189 => "Rip",
            _ => $"Other({protocol})",
        };
}
