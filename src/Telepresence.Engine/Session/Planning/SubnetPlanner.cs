using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session.Planning;

/// <summary>
/// Decides what happens to each subnet of the cluster: the table of DESIGN §5. Pure, so that
/// <c>Test-TelepresenceConflict</c>, <c>-WhatIf</c> and a connect can never disagree.
/// </summary>
internal static class SubnetPlanner
{
    /// <exception cref="TelepresenceException">
    /// Those of <see cref="SubnetChecks"/>, or the virtual subnet's own errors. A conflict is not thrown: it is in
    /// <see cref="SubnetPlan.Refused"/>, so that a test can show it.
    /// </exception>
    public static SubnetPlan Plan(SubnetPlanInput input)
    {
        SubnetChecks.Check(input);

        var detector = new ConflictDetector(input.Routing, new HashSet<int> { input.OwnInterfaceIndex });
        var subnets = new List<PlannedSubnet>();
        foreach (var (prefix, kind) in Candidates(input))
            subnets.AddRange(Decide(prefix, kind, input, detector));
        var planned = new PrefixSet(subnets.Select(s => s.Prefix));

        // A CIDR outside of what the cluster announces is still translated: names may resolve into it.
        foreach (var request in input.Translate)
        {
            if (request.Network is { } network && planned.FirstOverlap(network) is null)
            {
                subnets.Add(Translated(network, SubnetKind.Also, null, ConflictResolution.None, request.Workload));
                planned.Add(network);
            }
        }

        var taken = TakenPrefixes(input, subnets);
        var (v4, v6) = ChooseVirtualSubnets(input, taken, subnets);
        return new SubnetPlan
        {
            Subnets = subnets,
            VirtualIPv4 = v4,
            VirtualIPv6 = v6,
            NeverProxied = [.. input.NeverProxy.SelectMany(never => HolesOf(never, planned)).Distinct()],
        };
    }

    private static IEnumerable<(IPNetwork Prefix, SubnetKind Kind)> Candidates(SubnetPlanInput input)
    {
        var seen = new PrefixSet();
        var never = new PrefixSet(input.NeverProxy);
        var also = new PrefixSet(input.AlsoProxy);
        var all = input
            .ServiceSubnets.Select(p => (p, SubnetKind.Service))
            .Concat(input.PodSubnets.Select(p => (p, SubnetKind.Pod)))
            .Concat(input.AlsoProxy.Select(p => (p, SubnetKind.Also)));
        foreach (var (prefix, kind) in all)
        {
            if (prefix.IsLoopback() || IsExcluded(prefix, never, also) || IsIncluded(prefix, seen, never))
                continue;
            seen.Add(prefix);
            yield return (prefix, kind);
        }
    }

    /// <summary>
    /// Inside a never-proxied subnet, unless an also-proxied one lies between the two: the longest prefix decides, and of
    /// equal ones the never-proxied (the API server's address is one, and must stay reachable).
    /// </summary>
    private static bool IsExcluded(IPNetwork prefix, PrefixSet never, PrefixSet also) =>
        never.Longest(prefix) is { } excluding
        && (also.Longest(prefix) is not { } including || including.PrefixLength <= excluding.PrefixLength);

    /// <summary>An outer subnet brings it along: no never-proxied one lies between the two.</summary>
    private static bool IsIncluded(IPNetwork prefix, PrefixSet seen, PrefixSet never) =>
        seen.Longest(prefix) is { } outer
        && (never.LongestAround(prefix) is not { } between || between.PrefixLength <= outer.PrefixLength);

    /// <summary>A never-proxied subnet without what is routed inside it all the same; nothing when it touches nothing routed.</summary>
    private static IEnumerable<IPNetwork> HolesOf(IPNetwork never, PrefixSet planned)
    {
        if (!planned.Covers(never))
            return [];
        return planned
            .Inside(never)
            .Where(inside => inside != never)
            .Aggregate(
                (IEnumerable<IPNetwork>)[never],
                (holes, inside) => holes.SelectMany(hole => hole.Except(inside))
            );
    }

    private static IEnumerable<PlannedSubnet> Decide(
        IPNetwork prefix,
        SubnetKind kind,
        SubnetPlanInput input,
        ConflictDetector detector
    )
    {
        // A CIDR says more than a symbol.
        if (input.Translate.FirstOrDefault(t => t.Network is { } n && n.Covers(prefix)) is { } whole)
        {
            yield return Requested(prefix, kind, whole, detector);
            yield break;
        }
        var symbol = input.Translate.FirstOrDefault(t => t.Network is null && (t.Kind is null || t.Kind == kind));
        var rest = new List<IPNetwork> { prefix };
        foreach (var part in input.Translate)
        {
            if (
                part.Network is not { } network
                || !prefix.Covers(network)
                || (symbol is not null && symbol.Workload == part.Workload)
            )
                continue;
            yield return Requested(network, kind, part, detector);
            rest = [.. rest.SelectMany(r => r.Except(network))];
        }
        foreach (var left in rest)
        {
            yield return symbol is null
                ? Resolve(left, kind, input, detector.First(left))
                : Requested(left, kind, symbol, detector);
        }
    }

    private static PlannedSubnet Requested(
        IPNetwork prefix,
        SubnetKind kind,
        TranslationRequest request,
        ConflictDetector detector
    ) => Translated(prefix, kind, detector.First(prefix), ConflictResolution.Translate, request.Workload);

    private static PlannedSubnet Resolve(
        IPNetwork prefix,
        SubnetKind kind,
        SubnetPlanInput input,
        RouteConflict? conflict
    )
    {
        if (conflict is null)
            return new PlannedSubnet(prefix, kind, RouteDisposition.Proxied, ConflictResolution.None, null);
        if (input.AllowConflicting.Any(allowed => allowed.Covers(prefix)))
            return new PlannedSubnet(prefix, kind, RouteDisposition.Proxied, ConflictResolution.Allowed, conflict);
        return input.AutoResolve
            ? Translated(prefix, kind, conflict, ConflictResolution.Translate, "")
            : new PlannedSubnet(prefix, kind, RouteDisposition.Superseded, ConflictResolution.Refused, conflict);
    }

    private static PlannedSubnet Translated(
        IPNetwork prefix,
        SubnetKind kind,
        RouteConflict? conflict,
        ConflictResolution resolution,
        string workload
    ) =>
        new(
            prefix,
            kind,
            RouteDisposition.Translated,
            conflict is null ? ConflictResolution.None : resolution,
            conflict,
            workload
        );

    private static (VirtualSubnet V4, VirtualSubnet? V6) ChooseVirtualSubnets(
        SubnetPlanInput input,
        PrefixSet taken,
        List<PlannedSubnet> subnets
    )
    {
        if (input.KeptVirtualIPv4 is { } kept)
            return (kept, input.KeptVirtualIPv6);
        var others = new PrefixSet(input.VirtualSubnetsInUse.Select(u => u.Subnet));
        var configured = input.VirtualSubnet is { } network
            ? VirtualSubnetPool.Explicit(network, input.VirtualSubnetsInUse, taken)
            : null;
        var isIPv6 = configured?.Network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;
        var v4 =
            configured is null || isIPv6 ? VirtualSubnetPool.ForThisSystem().ChooseIPv4(others, taken) : configured;
        // Also where none of it is translated yet: a VPN may come up later, and the interface has its addresses from the start.
        var needsIPv6 = subnets.Exists(s => s.Prefix.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6);
        if (configured is not null && isIPv6)
        {
            if (!needsIPv6 && subnets.Exists(s => s.Disposition == RouteDisposition.Translated))
            {
                throw ErrorCatalogue.Error(
                    ErrorId.VirtualSubnetFamilyMismatch,
                    configured.Network,
                    ("subnet", configured.Network)
                );
            }
            return (v4, configured);
        }
        return (v4, needsIPv6 ? VirtualSubnetPool.ChooseIPv6(others, taken, input.Identity) : null);
    }

    /// <summary>What a virtual subnet must stay clear of: every foreign route that is not a default one, and what is routed here.</summary>
    private static PrefixSet TakenPrefixes(SubnetPlanInput input, List<PlannedSubnet> subnets) =>
        new(
            input
                .Routing.Routes.Where(r =>
                    r.Destination.PrefixLength > 1
                    && (r.InterfaceIndex == 0 || r.InterfaceIndex != input.OwnInterfaceIndex)
                )
                .Where(r => r.Kind is RouteKind.Unicast or RouteKind.Local)
                .Select(r => r.Destination)
                .Concat(subnets.Select(s => s.Prefix))
        );
}
