using System.Xml.Linq;
using Telepresence.Client.Maps;
using Telepresence.Client.Objects;

namespace Telepresence.UnitTests.Client.Maps;

public class AddressMapTests
{
    private static readonly TelepresenceSubnet[] _subnets =
    [
        Subnet("10.42.0.0/16", SubnetKind.Pod, RouteDisposition.Proxied),
        Subnet("10.43.0.0/16", SubnetKind.Service, RouteDisposition.Translated, "246.1.0.0/16"),
        Subnet("10.42.7.0/24", SubnetKind.Never, RouteDisposition.Excluded),
        Subnet("246.0.0.0/10", SubnetKind.Virtual, RouteDisposition.Translated),
    ];

    private static readonly TelepresenceRoute[] _routes =
    [
        Route("0.0.0.0/0", "eth0", via: "192.0.2.1"),
        Route("0.0.0.0/1", "tun0", "OpenVPN", "10.8.0.5"),
        Route("192.0.2.0/24", "eth0"),
        Route("10.0.0.0/8", "tun0", "OpenVPN", "10.8.0.5"),
        Route("127.0.0.0/8", "lo"),
        Route("fe80::/64", "eth0"),
        Route("10.42.0.0/16", "tel0", session: "one"),
    ];

    private static TelepresenceRoute Route(
        string prefix,
        string on,
        string owner = "",
        string via = "0.0.0.0",
        string session = ""
    ) =>
        new()
        {
            DestinationPrefix = prefix,
            InterfaceAlias = on,
            InterfaceOwner = owner,
            NextHop = via,
            Session = session,
        };

    private static TelepresenceSubnet Subnet(
        string prefix,
        SubnetKind kind,
        RouteDisposition disposition,
        string to = ""
    ) =>
        new()
        {
            Subnet = prefix,
            Kind = kind,
            Disposition = disposition,
            VirtualSubnet = to,
            Session = "one",
        };

    [Fact]
    public void Narrower_rows_stand_below_the_wider_ones_they_lie_in()
    {
        var map = AddressMap.Of(_routes, _subnets);

        Assert.Equal(
            [
                "0 10.0.0.0/8 Vpn tun0 (OpenVPN) via 10.8.0.5",
                "1 10.42.0.0/16 Cluster pods",
                "2 10.42.7.0/24 NeverProxied never proxied",
                "1 10.43.0.0/16 Moved services: moved to 246.1.0.0/16",
                "0 192.0.2.0/24 Local eth0",
                "0 246.0.0.0/10 Virtual virtual addresses",
                "1 246.1.0.0/16 Virtual stands for 10.43.0.0/16",
            ],
            map.Entries.Select(e => $"{e.Depth} {e.Prefix} {e.Kind} {e.Text}")
        );
        Assert.Equal(["0.0.0.0/0 eth0 via 192.0.2.1", "0.0.0.0/1 tun0 (OpenVPN) via 10.8.0.5"], map.Defaults);
        Assert.Equal(43 / 256.0, map.Entries[3].Start, 6);
        Assert.Equal(44 / 256.0, map.Entries[3].End, 6);
    }

    [Fact]
    public void Routes_that_touch_no_cluster_are_counted_when_there_are_too_many_and_those_that_do_are_all_drawn()
    {
        var many = Enumerable.Range(0, 200).Select(i => Route($"172.16.{i}.0/24", "eth0"));
        var inside = Enumerable.Range(0, 100).Select(i => Route($"10.43.{i}.0/24", "tun0", "OpenVPN"));

        var map = AddressMap.Of([.. many, .. inside], _subnets);

        Assert.Equal(160, map.Omitted);
        Assert.Equal(100, map.Entries.Count(e => e.Kind == AddressMapKind.Vpn));
    }

    [Fact]
    public void Where_there_are_two_sessions_each_row_says_whose_it_is()
    {
        var other = Subnet("10.44.0.0/16", SubnetKind.Pod, RouteDisposition.Proxied);
        other.Session = "two";

        var map = AddressMap.Of([], [.. _subnets, other]);

        Assert.Equal("pods of one", map.Entries[0].Text);
        Assert.Equal("pods of two", map.Entries.Single(e => e.Prefix == "10.44.0.0/16").Text);
    }

    [Fact]
    public void Equal_prefixes_stand_beside_each_other()
    {
        var map = AddressMap.Of([Route("10.42.0.0/16", "tun0", "OpenVPN"), Route("10.42.1.0/24", "tun0")], _subnets);

        var equal = map.Entries.Where(e => e.Prefix == "10.42.0.0/16").ToList();
        Assert.Equal(2, equal.Count);
        Assert.All(equal, e => Assert.Equal(0, e.Depth));
        Assert.Equal(1, map.Entries.Single(e => e.Prefix == "10.42.1.0/24").Depth);
    }

    [Fact]
    public void IPv6_is_drawn_below_IPv4()
    {
        var map = AddressMap.Of(
            [Route("fd00::/8", "wg0", "WireGuard", "::")],
            [Subnet("fd12:3456::/32", SubnetKind.Pod, RouteDisposition.Proxied), .. _subnets]
        );

        Assert.Equal(["fd00::/8", "fd12:3456::/32"], map.Entries.TakeLast(2).Select(e => e.Prefix));
        Assert.Equal(1, map.Entries[^1].Depth);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(200)]
    public void Text_fits_the_terminal(int width)
    {
        var lines = TextAddressMap
            .Render(AddressMap.Of(_routes, _subnets), width, withColor: false)
            .Split(Environment.NewLine);

        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
    }

    [Fact]
    public void Text_shows_where_everything_lies()
    {
        var text = TextAddressMap.Render(AddressMap.Of(_routes, _subnets), 100, withColor: false);

        Assert.Equal(
            """
            10.0.0.0/8       ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ tun0 (OpenVPN) via 10.8.0.5
              10.42.0.0/16       █                       pods
                10.42.7.0/24     -                       never proxied
              10.43.0.0/16       ·                       services: moved to 246.1.0.0/16
            192.0.2.0/24     ░░░░░░░░░░░░░░░░░░░░░░░░░░░ eth0
            246.0.0.0/10     ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ virtual addresses
              246.1.0.0/16   ▓                           stands for 10.43.0.0/16
            everything else: 0.0.0.0/0 eth0 via 192.0.2.1
            everything else: 0.0.0.0/1 tun0 (OpenVPN) via 10.8.0.5
            ░░ local   ▒▒ VPN   ██ cluster   ·· moved away   ▓▓ virtual   -- never proxied
            """.ReplaceLineEndings(),
            text
        );
    }

    [Fact]
    public void Colour_changes_nothing_but_colour()
    {
        var map = AddressMap.Of(_routes, _subnets);
        var colored = TextAddressMap.Render(map, 100, withColor: true);

        Assert.Contains("\e[32m", colored, StringComparison.Ordinal);
        Assert.Equal(
            TextAddressMap.Render(map, 100, withColor: false),
            System.Text.RegularExpressions.Regex.Replace(colored, "\e\\[[0-9]+m", "")
        );
    }

    [Fact]
    public void An_empty_machine_is_said_to_be_empty() =>
        Assert.Equal(
            "No routes but the default one.",
            TextAddressMap.Render(AddressMap.Of([], []), 80, withColor: false)
        );

    [Fact]
    public void Svg_is_well_formed_whatever_names_hold_and_leads_from_moved_to_virtual()
    {
        TelepresenceRoute[] routes = [Route("10.0.0.0/8", "<tun&\"0>", "A & B"), .. _routes];

        var svg = XElement.Parse(SvgAddressMap.Render(AddressMap.Of(routes, _subnets), "one & <two>"));

        XNamespace ns = "http://www.w3.org/2000/svg";
        Assert.Equal("one & <two>", svg.Element(ns + "title")!.Value);
        Assert.Contains(svg.Descendants(ns + "text"), t => t.Value == "<tun&\"0> (A & B)");
        Assert.Single(svg.Descendants(ns + "path"), p => (string?)p.Attribute("class") == "arrow");
        Assert.Single(
            svg.Descendants(ns + "rect"),
            r => (string?)r.Attribute("class") == "neverproxied" && r.Parent!.Name == ns + "g"
        );
    }

    [Fact]
    public void Html_holds_the_picture_and_the_same_as_a_table()
    {
        var map = AddressMap.Of(_routes, _subnets);
        var html = HtmlAddressMap.Render(map, "one & two");

        Assert.StartsWith("<!DOCTYPE html>", html, StringComparison.Ordinal);
        Assert.Contains("<title>one &amp; two</title>", html, StringComparison.Ordinal);
        Assert.Contains("<svg ", html, StringComparison.Ordinal);
        Assert.Equal(map.Entries.Count + 1, html.Split("<tr>").Length - 1);
    }
}
