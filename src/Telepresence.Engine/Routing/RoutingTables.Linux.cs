using System.Net;
using System.Runtime.Versioning;
using Telepresence.Engine.Netlink;
using static Telepresence.Engine.Netlink.Rtnetlink;

namespace Telepresence.Engine.Routing;

/// <summary>Reads and changes the kernel's routes and rules through one netlink socket.</summary>
[SupportedOSPlatform("linux")]
internal sealed class RoutingTables(NetlinkSocket socket)
{
    private const int Tries = 4;

    /// <summary>Interfaces first, then routes: read again when a route names an interface that was not there.</summary>
    public RoutingSnapshot Snapshot()
    {
        for (var attempt = 1; ; attempt++)
        {
            var links = new Dictionary<int, RoutingMessages.Link>();
            var consistent = socket.Ask(
                RoutingMessages.Dump(RTM_GETLINK),
                "list the interfaces",
                message =>
                {
                    var link = RoutingMessages.ReadLink(message);
                    links[link.Index] = link;
                }
            );
            var addresses = new List<(int Index, IPNetwork Network, IPAddress Host)>();
            consistent &= socket.Ask(
                RoutingMessages.Dump(RTM_GETADDR),
                "list the addresses",
                message =>
                {
                    if (RoutingMessages.ReadAddress(message) is { } address)
                    {
                        addresses.Add(address);
                    }
                }
            );
            var routes = new List<SystemRoute>();
            consistent &= socket.Ask(
                RoutingMessages.Dump(RTM_GETROUTE),
                "list the routes",
                message =>
                    RoutingMessages.ReadRoute(message, i => links.TryGetValue(i, out var l) ? l.Name : "", routes)
            );
            consistent &= routes.TrueForAll(r => r.InterfaceIndex == 0 || links.ContainsKey(r.InterfaceIndex));
            if (consistent || attempt == Tries)
            {
                // What still names no interface is a route of one that has just gone.
                routes.RemoveAll(r => r.InterfaceIndex != 0 && !links.ContainsKey(r.InterfaceIndex));
                var byIndex = addresses.ToLookup(a => a.Index);
                return new RoutingSnapshot(
                    routes,
                    [
                        .. links.Values.Select(l => new SystemInterface(
                            l.Index,
                            l.Name,
                            l.Kind,
                            l.IsUp,
                            l.Mtu,
                            [.. byIndex[l.Index].Select(a => a.Network)],
                            [.. byIndex[l.Index].Select(a => a.Host)]
                        )),
                    ],
                    Rules()
                );
            }
        }
    }

    public IReadOnlyList<SystemRule> Rules()
    {
        for (var attempt = 1; ; attempt++)
        {
            var rules = new List<SystemRule>();
            var consistent = socket.Ask(
                RoutingMessages.Dump(RTM_GETRULE),
                "list the rules",
                message =>
                {
                    if (RoutingMessages.ReadRule(message) is { } rule)
                    {
                        rules.Add(rule);
                    }
                }
            );
            if (consistent || attempt == Tries)
            {
                return rules;
            }
        }
    }

    /// <param name="mark">As if a socket with that mark asked.</param>
    public RouteLookup Lookup(RouteQuery query, uint mark = 0)
    {
        try
        {
            // The first answer names source and next hop, the second the entry of the table that was chosen.
            if (Get(query, mark, RTM_F_LOOKUP_TABLE) is not { } decided)
            {
                return Failed("the kernel gave no route");
            }
            if (decided.Kind == RouteKind.Unreachable)
            {
                return Failed(Errno.Describe(Errno.ENETUNREACH));
            }
            return new RouteLookup(
                Get(query, mark, RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH),
                decided.PreferredSource,
                decided.Gateway,
                decided.InterfaceIndex,
                decided.InterfaceName,
                decided.Table,
                Error: null
            );
        }
        catch (NetlinkException e)
        {
            return Failed(Errno.Describe(e.Error));
        }
    }

    public void Add(OwnRoute route) => socket.Execute(RoutingMessages.Add(route), $"add the route {route}");

    /// <summary>Puts it in the place of the route with the same destination and metric in the same table, at one go.</summary>
    public void Replace(OwnRoute route) => socket.Execute(RoutingMessages.Replace(route), $"replace the route {route}");

    public void Add(SystemRule rule) => socket.Execute(RoutingMessages.Add(rule), $"add the rule {rule}");

    /// <summary>False: it is gone already, or its interface is.</summary>
    public bool Remove(OwnRoute route) => TryRemove(RoutingMessages.Remove(route), $"remove the route {route}");

    /// <summary>False: it is gone already.</summary>
    public bool Remove(SystemRule rule) => TryRemove(RoutingMessages.Remove(rule), $"remove the rule {rule}");

    private bool TryRemove(NetlinkRequest request, string operation)
    {
        try
        {
            socket.Execute(request, operation);
            return true;
        }
        catch (NetlinkException e) when (e.Error is Errno.ESRCH or Errno.ENOENT or Errno.ENODEV)
        {
            return false;
        }
    }

    private SystemRoute? Get(RouteQuery query, uint mark, uint flags)
    {
        var routes = new List<SystemRoute>();
        socket.Ask(
            RoutingMessages.Get(query, mark, flags),
            $"look up the route to {query.Destination}",
            message => ReadAnswer(message, routes)
        );
        if (routes.Count == 0)
        {
            return null;
        }
        var route = routes[0];
        return route.InterfaceIndex == 0 ? route : route with { InterfaceName = NameOf(route.InterfaceIndex) };
    }

    // An answer to a look-up may carry the flag that in a dump marks a cached clone.
    private static void ReadAnswer(NetlinkMessage message, List<SystemRoute> routes) =>
        RoutingMessages.ReadRoute(message, static _ => "", routes, clones: true);

    private string NameOf(int index)
    {
        var body = new byte[16];
        System.Runtime.InteropServices.MemoryMarshal.Write(body.AsSpan(4), index);
        var name = "";
        try
        {
            socket.Ask(
                new NetlinkRequest(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, body),
                "name an interface",
                message => name = RoutingMessages.ReadLink(message).Name
            );
        }
        catch (NetlinkException e) when (e.Error == Errno.ENODEV)
        {
            return "";
        }
        return name;
    }

    private static RouteLookup Failed(string reason) => new(null, null, null, 0, "", 0, reason);
}
