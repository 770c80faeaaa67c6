using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Routing;

/// <summary>
/// What the plans of all sessions of an engine come to: routes and rules. Pure. Rules are in the order in which they are
/// to be added, so that no state in between loops a query; they are removed the other way round.
/// </summary>
internal sealed record DesiredRouting(IReadOnlyList<OwnRoute> Routes, IReadOnlyList<SystemRule> Rules)
{
    private const ushort DnsPort = 53;
    private const byte Tcp = 6;
    private const byte Udp = 17;

    public static DesiredRouting Nothing { get; } = new([], []);

    /// <param name="plans">By session slot. A plan whose interface is gone asks for nothing.</param>
    /// <param name="snapshot">What is there now; decides where never-proxied prefixes cut foreign routes.</param>
    /// <param name="sourceOf">
    /// The source that a packet to a name server would have without us. Sockets that were connected through a capture
    /// keep working with it when the engine is gone.
    /// </param>
    /// <param name="isShadowed">
    /// The ordinary route is not reached: a rule leads to a default route in another table first, as an exit node's does.
    /// </param>
    public static DesiredRouting Of(
        RoutingBlock block,
        IReadOnlyDictionary<int, RoutePlan> plans,
        RoutingSnapshot snapshot,
        Func<IPAddress, IPAddress?> sourceOf,
        Func<OwnRoute, bool> isShadowed
    )
    {
        var routes = new List<OwnRoute>();
        var own = plans.Values.Select(p => p.InterfaceIndex).ToHashSet();
        var foreign = snapshot
            .Routes.Where(r => r.Table == MainTable && !own.Contains(r.InterfaceIndex))
            .Select(r => r.Destination)
            .ToList();
        foreach (var (slot, plan) in plans)
        {
            if (snapshot.Interfaces.All(i => i.Index != plan.InterfaceIndex))
            {
                continue;
            }
            var ordinary = plan
                .Prefixes.SelectMany(p => Ordinary(p, plan.NeverProxied, foreign))
                .Select(p => new OwnRoute(p, MainTable, plan.InterfaceIndex, RoutingBlock.OrdinaryMetric, Source: null))
                .ToList();
            // The metric of equal routes of several sessions decides: the lower slot, until it ends.
            var metric = (uint)slot + 1;
            // In the main table all the same, or the next look would find them shadowed no more.
            routes.AddRange(ordinary);
            routes.AddRange(
                ordinary.Where(isShadowed).Select(r => r with { Table = block.OverridingTable, Metric = metric })
            );
            routes.AddRange(
                plan.OverridingPrefixes.SelectMany(p => Without(p, plan.NeverProxied))
                    .Select(p => new OwnRoute(p, block.OverridingTable, plan.InterfaceIndex, metric, Source: null))
            );
            routes.AddRange(
                plan.CapturedNameServers.Where(CanBeCaptured)
                    .Select(n => new OwnRoute(
                        n.AsNetwork(),
                        block.CaptureTable,
                        plan.InterfaceIndex,
                        metric,
                        sourceOf(n)
                    ))
            );
        }
        routes = [.. routes.Distinct()];
        return new DesiredRouting(
            routes,
            [
                .. RulesFor(block, routes, AddressFamily.InterNetwork),
                .. RulesFor(block, routes, AddressFamily.InterNetworkV6),
            ]
        );
    }

    /// <summary>The routing table that everybody uses.</summary>
    public const uint MainTable = 254;

    /// <summary>
    /// A link-local name server is asked through a socket bound to its interface, which no route to another one fits.
    /// </summary>
    private static bool CanBeCaptured(IPAddress nameServer) => !nameServer.IsIPv6LinkLocal;

    // Never-proxied prefixes are cut out, instead of routed back: so the kernel itself finds the route they had, follows
    // its changes, and nothing outlives the device.
    private static IEnumerable<IPNetwork> Without(IPNetwork prefix, IReadOnlyList<IPNetwork> removed) =>
        removed.Aggregate(
            (IEnumerable<IPNetwork>)[prefix],
            (pieces, cut) => pieces.SelectMany(piece => piece.Except(cut))
        );

    // Pieces are more specific than the prefix they came from; a foreign route between the two would have won.
    private static IEnumerable<IPNetwork> Ordinary(
        IPNetwork prefix,
        IReadOnlyList<IPNetwork> never,
        List<IPNetwork> foreign
    ) =>
        Without(prefix, never)
            .Where(piece => piece == prefix || !foreign.Any(f => f != prefix && prefix.Covers(f) && f.Covers(piece)));

    private static IEnumerable<SystemRule> RulesFor(RoutingBlock block, List<OwnRoute> routes, AddressFamily family)
    {
        var captured = routes
            .Where(r => r.Table == block.CaptureTable && r.Destination.BaseAddress.AddressFamily == family)
            .Select(r => r.Destination)
            .Distinct()
            .ToList();
        // IPv6 has no reverse path check.
        var unreachable =
            family == AddressFamily.InterNetwork
            && routes.Any(r =>
                r.Table == block.CaptureTable && r.Destination.BaseAddress.AddressFamily == family && r.Source is null
            );
        var overriding = routes.Any(r =>
            r.Table == block.OverridingTable && r.Destination.BaseAddress.AddressFamily == family
        );
        if (captured.Count == 0 && !overriding)
        {
            yield break;
        }
        var nop = new SystemRule(
            family,
            block.End,
            RuleAction.Nop,
            Table: 0,
            Target: 0,
            Mark: 0,
            Mask: 0,
            To: null,
            IPProtocol: 0,
            DestinationPort: 0,
            InterfaceIn: "",
            RoutingBlock.Protocol
        );
        yield return nop;
        // A name server that no route leads to but ours (a VPN is down, no default route): the kernel drops its answers unless
        // the way back is found with their ports. It looks at ports there only while some rule without "iif lo" names any.
        if (unreachable)
            yield return nop with
            {
                IPProtocol = Udp,
                DestinationPort = DnsPort,
            };
        yield return nop with
        {
            Preference = block.Start,
            Action = RuleAction.Goto,
            Target = block.End,
            Mark = block.MarkBit,
            Mask = block.MarkBit,
        };
        foreach (var nameServer in captured)
        {
            foreach (var protocol in new[] { Udp, Tcp })
            {
                yield return nop with
                {
                    Preference = block.CapturePreference,
                    Action = RuleAction.Lookup,
                    Table = block.CaptureTable,
                    To = nameServer,
                    IPProtocol = protocol,
                    DestinationPort = DnsPort,
                    InterfaceIn = "lo",
                };
            }
        }
        if (overriding)
        {
            yield return nop with
            {
                Preference = block.OverridingPreference,
                Action = RuleAction.Lookup,
                Table = block.OverridingTable,
            };
        }
    }
}
