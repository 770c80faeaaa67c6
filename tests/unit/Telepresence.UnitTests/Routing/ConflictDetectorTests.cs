using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Routing;

namespace Telepresence.UnitTests.Routing;

public sealed class ConflictDetectorTests
{
    private const int Lan = 2;
    private const int Vpn = 3;
    private const int Down = 4;
    private const int Own = 5;

    private static readonly SystemInterface[] Interfaces =
    [
        new(Lan, "eth0", "", true, 1500, [IPNetwork.Parse("192.168.1.0/24")], [IPAddress.Parse("192.168.1.7")]),
        new(Vpn, "tun0", "tun", true, 1500, [IPNetwork.Parse("10.8.0.5/32")], [IPAddress.Parse("10.8.0.6")]),
        new(Down, "wg0", "wireguard", false, 1420, [], []),
        new(Own, "tel0", "tun", true, 1500, [], [IPAddress.Parse("246.0.0.1")]),
    ];

    [Fact]
    public void A_vpns_route_that_covers_the_subnet_is_named_as_upstream_names_it()
    {
        var conflict = Assert.Single(Find("10.43.0.0/16", Route("10.0.0.0/8", Vpn, "10.8.0.5")));
        Assert.Equal(
            "subnet 10.43.0.0/16 overlaps with existing route \"10.0.0.0/8 via 10.8.0.6 dev tun0, gw 10.8.0.5\"",
            conflict.ToString()
        );
        Assert.Equal("OpenVPN or another tun-based VPN", conflict.Owner);
    }

    [Fact]
    public void A_more_specific_route_inside_the_subnet_is_a_conflict_too()
    {
        var conflict = Assert.Single(Find("192.168.0.0/16", Route("192.168.1.0/24", Lan)));
        Assert.Equal("192.168.1.0/24 via 192.168.1.7 dev eth0", conflict.RouteText);
        Assert.Equal("", conflict.Owner);
    }

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("0.0.0.0/1")]
    [InlineData("128.0.0.0/1")]
    public void Default_routes_and_their_halves_are_none(string destination) =>
        Assert.Empty(Find("10.43.0.0/16", Route(destination, Vpn, "10.8.0.5")));

    [Theory]
    [InlineData("::/0")]
    [InlineData("::/1")]
    [InlineData("8000::/1")]
    public void Nor_are_those_of_IPv6(string destination) =>
        Assert.Empty(Find("fd00:43::/64", Route(destination, Vpn)));

    [Fact]
    public void Own_down_and_vanished_interfaces_are_none() =>
        Assert.Empty(
            Find(
                "10.43.0.0/16",
                Route("10.43.0.0/16", Own),
                Route("10.43.0.0/16", Down),
                Route("10.43.0.0/16", 99),
                Route("10.43.0.0/16", 0)
            )
        );

    [Fact]
    public void Another_engines_interface_is_one()
    {
        var other = Route("10.43.0.0/16", Vpn) with { IsOurs = true };
        Assert.Single(Find("10.43.0.0/16", other));
    }

    [Theory]
    [InlineData(RouteKind.Local)]
    [InlineData(RouteKind.Broadcast)]
    [InlineData(RouteKind.Multicast)]
    [InlineData(RouteKind.Unreachable)]
    [InlineData(RouteKind.Blackhole)]
    [InlineData(RouteKind.Prohibit)]
    [InlineData(RouteKind.Throw)]
    [InlineData(RouteKind.Other)]
    public void Routes_that_carry_nothing_elsewhere_are_none(object kind) =>
        Assert.Empty(Find("10.43.0.0/16", Route("10.43.0.0/16", Vpn) with { Kind = (RouteKind)kind }));

    [Fact]
    public void Routes_of_policy_tables_count_once()
    {
        var main = Route("10.43.0.0/16", Vpn);
        Assert.Single(Find("10.43.0.0/16", main, main with { Table = 52 }));
    }

    [Fact]
    public void A_table_that_no_rule_looks_up_decides_nothing()
    {
        var hidden = Route("10.43.0.0/16", Vpn) with { Table = 1000 };
        Assert.Empty(FindByRules("10.43.0.0/16", [Rule(254)], hidden));
        Assert.Single(FindByRules("10.43.0.0/16", [Rule(254), Rule(1000)], hidden));
        Assert.Single(FindByRules("10.43.0.0/16", null, hidden));
    }

    [Fact]
    public void A_rule_of_the_other_family_looks_up_another_table_of_that_number() =>
        Assert.Empty(
            FindByRules(
                "10.43.0.0/16",
                [Rule(254), Rule(52) with { Family = AddressFamily.InterNetworkV6 }],
                Route("10.43.0.0/16", Vpn) with
                {
                    Table = 52,
                }
            )
        );

    [Theory]
    [InlineData("10.43.7.0/24", 1)]
    [InlineData("10.44.0.0/16", 0)]
    [InlineData("10.0.0.0/8", 1)]
    public void A_table_looked_up_for_some_destinations_decides_about_those(string to, int conflicts) =>
        Assert.Equal(
            conflicts,
            FindByRules(
                "10.43.0.0/16",
                [
                    Rule(254),
                    Rule(52) with
                    {
                        To = IPNetwork.Parse("192.0.2.0/24"),
                    },
                    Rule(52) with
                    {
                        To = IPNetwork.Parse(to),
                    },
                ],
                Route("10.0.0.0/8", Vpn) with
                {
                    Table = 52,
                }
            ).Count
        );

    [Fact]
    public void A_rule_that_may_select_any_packet_counts()
    {
        var hidden = Route("10.43.0.0/16", Vpn) with { Table = 52 };
        var rule = Rule(52);
        SystemRule[] selecting =
        [
            rule with
            {
                Mark = 0xca6c,
                Mask = uint.MaxValue,
                IsInverted = true,
            },
            rule with
            {
                Mark = 0x80000,
                Mask = 0xff0000,
            },
            rule with
            {
                InterfaceIn = "lo",
            },
            rule with
            {
                IPProtocol = 17,
                DestinationPort = 53,
            },
            rule with
            {
                To = IPNetwork.Parse("192.0.2.0/24"),
                IsInverted = true,
            },
            rule with
            {
                Table = 0,
            },
        ];
        Assert.All(selecting, r => Assert.Single(FindByRules("10.43.0.0/16", [Rule(254), r], hidden)));
        Assert.Empty(FindByRules("10.43.0.0/16", [Rule(254), rule with { Action = RuleAction.Nop }], hidden));
    }

    [Fact]
    public void A_bridge_of_this_machine_with_the_very_subnet_is_a_conflict() =>
        Assert.Equal(
            "subnet 172.18.0.0/16 overlaps with existing route \"172.18.0.0/16 via 192.168.1.7 dev eth0\"",
            Assert.Single(Find("172.18.0.0/16", Route("172.18.0.0/16", Lan))).ToString()
        );

    [Fact]
    public void What_the_trie_finds_is_what_comparing_each_with_each_finds()
    {
        var network =
            from address in Gen.Choose(0, 255)
            from length in Gen.Choose(2, 12)
            select $"{address & (0xff << Math.Max(0, 8 - length)) & 0xff}.0.0.0/{length}";
        Prop.ForAll(
                network.ListOf(30).ToArbitrary(),
                network.ToArbitrary(),
                (routes, subnet) =>
                {
                    var expected = routes
                        .Distinct()
                        .Select(IPNetwork.Parse)
                        .Where(r => r.Overlaps(IPNetwork.Parse(subnet)))
                        .OrderByDescending(r => r.PrefixLength)
                        .ThenBy(r => r.ToString(), StringComparer.Ordinal);
                    var found = Find(subnet, [.. routes.Select(r => Route(r, Vpn))])
                        .Select(c => c.Route.Destination)
                        .OrderByDescending(r => r.PrefixLength)
                        .ThenBy(r => r.ToString(), StringComparer.Ordinal);
                    Assert.Equal(expected, found);
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Families_do_not_mix() => Assert.Empty(Find("10.43.0.0/16", Route("fd00::/8", Vpn)));

    [Fact]
    public void The_most_specific_route_comes_first() =>
        Assert.Equal(
            ["10.43.1.0/24", "10.43.0.0/16", "10.0.0.0/8"],
            Find("10.43.0.0/16", Route("10.43.0.0/16", Vpn), Route("10.0.0.0/8", Vpn), Route("10.43.1.0/24", Vpn))
                .Select(c => c.Route.Destination.ToString())
        );

    private static IReadOnlyList<RouteConflict> Find(string subnet, params SystemRoute[] routes) =>
        FindByRules(subnet, null, routes);

    private static IReadOnlyList<RouteConflict> FindByRules(
        string subnet,
        SystemRule[]? rules,
        params SystemRoute[] routes
    ) =>
        new ConflictDetector(new RoutingSnapshot(routes, Interfaces, rules), new HashSet<int> { Own }).Find(
            IPNetwork.Parse(subnet)
        );

    private static SystemRoute Route(string destination, int index, string? gateway = null) =>
        new(
            IPNetwork.Parse(destination),
            gateway is null ? null : IPAddress.Parse(gateway),
            index,
            Interfaces.FirstOrDefault(i => i.Index == index)?.Name ?? "",
            PreferredSource: null,
            Metric: 0,
            Table: 254,
            Protocol: 4,
            RouteKind.Unicast,
            IsOurs: false
        );

    private static SystemRule Rule(uint table) =>
        new(
            AddressFamily.InterNetwork,
            Preference: 32766,
            RuleAction.Lookup,
            table,
            Target: 0,
            Mark: 0,
            Mask: 0,
            To: null,
            IPProtocol: 0,
            DestinationPort: 0,
            InterfaceIn: "",
            Protocol: 2
        );
}
