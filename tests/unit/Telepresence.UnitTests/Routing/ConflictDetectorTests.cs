using System.Net;
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
        Assert.Equal("OpenVPN", conflict.Owner);
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
    public void Families_do_not_mix() => Assert.Empty(Find("10.43.0.0/16", Route("fd00::/8", Vpn)));

    [Fact]
    public void The_most_specific_route_comes_first() =>
        Assert.Equal(
            ["10.43.1.0/24", "10.43.0.0/16", "10.0.0.0/8"],
            Find("10.43.0.0/16", Route("10.43.0.0/16", Vpn), Route("10.0.0.0/8", Vpn), Route("10.43.1.0/24", Vpn))
                .Select(c => c.Route.Destination.ToString())
        );

    [Theory]
    [InlineData("tun0", "tun", "OpenVPN")]
    [InlineData("wg0", "wireguard", "WireGuard")]
    [InlineData("office", "wireguard", "WireGuard")]
    [InlineData("tailscale0", "tun", "Tailscale")]
    [InlineData("cscotun0", "tun", "Cisco AnyConnect")]
    [InlineData("gpd0", "tun", "GlobalProtect")]
    [InlineData("ppp0", "ppp", "PPP VPN")]
    [InlineData("mystery", "tun", "a VPN")]
    [InlineData("tel3", "tun", "Telepresence")]
    [InlineData("telefon", "veth", "")]
    [InlineData("eth0", "", "")]
    [InlineData("wtf", "veth", "")]
    public void Owners_are_told_by_name_and_kind(string name, string kind, string owner) =>
        Assert.Equal(owner, InterfaceOwner.Of(new SystemInterface(1, name, kind, true, 1500, [], [])));

    private static IReadOnlyList<RouteConflict> Find(string subnet, params SystemRoute[] routes) =>
        ConflictDetector.Find(
            [IPNetwork.Parse(subnet)],
            new RoutingSnapshot(routes, Interfaces),
            new HashSet<int> { Own }
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
}
