using System.Globalization;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Maps;

/// <summary>
/// The address space of this machine as rows: local routes, VPNs, cluster subnets, and what was moved where. Narrower rows
/// stand below the wider ones that they lie in. Pure.
/// </summary>
public sealed class AddressMap
{
    /// <summary>Rows that have nothing to do with a cluster; more are only counted.</summary>
    public const int MaximumUnrelated = 40;

    private static readonly AddressRange[] _neverDrawn =
    [
        .. new[] { "127.0.0.0/8", "fe80::/10", "ff00::/8", "224.0.0.0/4", "::1/128" }
            .Select(AddressRange.Parse)
            .OfType<AddressRange>(),
    ];

    private AddressMap(IReadOnlyList<AddressMapEntry> entries, IReadOnlyList<string> defaults, int omitted)
    {
        Entries = entries;
        Defaults = defaults;
        Omitted = omitted;
    }

    /// <summary>IPv4 first, by address.</summary>
    public IReadOnlyList<AddressMapEntry> Entries { get; }

    /// <summary>Where everything else goes, in words; empty without a default route.</summary>
    public IReadOnlyList<string> Defaults { get; }

    /// <summary>How many routes that touch no cluster were left out.</summary>
    public int Omitted { get; }

    /// <summary>What is true of the map as a whole, in words.</summary>
    internal IEnumerable<string> Notes =>
        Defaults
            .Select(route => $"everything else: {route}")
            .Prepend(string.Create(CultureInfo.InvariantCulture, $"and {Omitted} more routes that touch no cluster"))
            .Skip(Omitted > 0 ? 0 : 1);

    /// <param name="routes">All routes of the machine, ours among them.</param>
    /// <param name="subnets">Of the sessions to draw.</param>
    public static AddressMap Of(IReadOnlyList<TelepresenceRoute> routes, IReadOnlyList<TelepresenceSubnet> subnets)
    {
        var foreign = routes.Where(r => r.Session.Length == 0 && r.TypeOfRoute == "Unicast").ToList();
        var isOne = subnets.Select(s => s.Session).Distinct().Count() < 2;
        var ours = subnets.SelectMany(s => OfSubnet(s, isOne ? "" : $" of {s.Session}")).ToList();
        var others = foreign.Select(OfRoute).OfType<AddressMapEntry>().Distinct().ToList();
        var related = others.Where(o => ours.Exists(e => Touches(o.Range, e.Range))).ToList();
        var unrelated = others.Except(related).ToList();
        return new AddressMap(
            Arrange([.. ours, .. related, .. unrelated.Take(MaximumUnrelated)]),
            [.. foreign.Where(IsDefault).Select(r => $"{r.DestinationPrefix} {WayOf(r)}").Distinct()],
            Math.Max(0, unrelated.Count - MaximumUnrelated)
        );
    }

    private static bool Touches(AddressRange one, AddressRange other) => one.Covers(other) || other.Covers(one);

    private static bool IsDefault(TelepresenceRoute route) =>
        route.DestinationPrefix.EndsWith("/0", StringComparison.Ordinal)
        || route.DestinationPrefix.EndsWith("/1", StringComparison.Ordinal);

    private static AddressMapEntry? OfRoute(TelepresenceRoute route)
    {
        if (IsDefault(route) || AddressRange.Parse(route.DestinationPrefix) is not { } range)
            return null;
        if (Array.Exists(_neverDrawn, never => never.Covers(range)))
            return null;
        var kind = route.InterfaceOwner.Length > 0 ? AddressMapKind.Vpn : AddressMapKind.Local;
        return new AddressMapEntry(route.DestinationPrefix, range, kind, WayOf(route));
    }

    private static string WayOf(TelepresenceRoute route) =>
        route.InterfaceAlias
        + (route.InterfaceOwner.Length > 0 ? $" ({route.InterfaceOwner})" : "")
        + (route.NextHop is "" or "0.0.0.0" or "::" ? "" : $" via {route.NextHop}");

    /// <param name="of">Whose it is, in words; empty where there is one session only.</param>
    private static IEnumerable<AddressMapEntry> OfSubnet(TelepresenceSubnet subnet, string of)
    {
        if (AddressRange.Parse(subnet.Subnet) is not { } range)
            yield break;
        var via = subnet.Via.Length > 0 ? $" through {subnet.Via}" : "";
        var what = NameOf(subnet.Kind) + of;
        switch (subnet)
        {
            case { Kind: SubnetKind.Never }:
                yield return Entry(subnet.Subnet, range, AddressMapKind.NeverProxied, "never proxied");
                break;
            case { Kind: SubnetKind.Virtual }:
                yield return Entry(subnet.Subnet, range, AddressMapKind.Virtual, what);
                break;
            case { Disposition: RouteDisposition.Translated }:
                var to = subnet.VirtualSubnet.Length > 0 ? subnet.VirtualSubnet : "virtual addresses, one by one";
                yield return new AddressMapEntry(
                    subnet.Subnet,
                    range,
                    AddressMapKind.Moved,
                    $"{what}: moved to {to}{via}"
                )
                {
                    MovedTo = subnet.VirtualSubnet,
                };
                if (AddressRange.Parse(subnet.VirtualSubnet) is { } place)
                {
                    var text = $"stands for {subnet.Subnet}{via}";
                    yield return Entry(subnet.VirtualSubnet, place, AddressMapKind.Virtual, text);
                }
                break;
            case { Disposition: RouteDisposition.Proxied }:
                yield return Entry(subnet.Subnet, range, AddressMapKind.Cluster, what);
                break;
            default:
                yield return Entry(subnet.Subnet, range, AddressMapKind.Moved, $"{what}: not reached");
                break;
        }
    }

    private static AddressMapEntry Entry(string prefix, AddressRange range, AddressMapKind kind, string text) =>
        new(prefix, range, kind, text);

    private static string NameOf(SubnetKind kind) =>
        kind switch
        {
            SubnetKind.Service => "services",
            SubnetKind.Pod => "pods",
            SubnetKind.Virtual => "virtual addresses",
            _ => "also proxied",
        };

    /// <summary>By address, the wider before the narrower; depth and place follow from what is still open.</summary>
    private static List<AddressMapEntry> Arrange(List<AddressMapEntry> entries)
    {
        var ordered = entries
            .OrderByDescending(e => e.Range.IsIPv4)
            .ThenBy(e => e.Range.First)
            .ThenByDescending(e => e.Range.Last)
            .ThenBy(e => e.Kind)
            .ToList();
        var open = new Stack<AddressMapEntry>();
        foreach (var entry in ordered)
        {
            while (open.TryPeek(out var outer) && !IsInside(entry, outer))
                open.Pop();
            entry.Depth = open.Count;
            if (open.Count > 0)
                (entry.Start, entry.End) = entry.Range.In(open.Last().Range);
            open.Push(entry);
        }
        return ordered;
    }

    /// <summary>Two that are equal stand beside each other.</summary>
    private static bool IsInside(AddressMapEntry inner, AddressMapEntry outer) =>
        outer.Range.Covers(inner.Range) && outer.Range != inner.Range;
}
