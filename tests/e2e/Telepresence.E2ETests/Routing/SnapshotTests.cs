using System.Net;
using System.Text.Json;
using Telepresence.Engine.Routing;

namespace Telepresence.E2ETests.Routing;

public sealed class SnapshotTests
{
    [SkippableFact]
    public void Routes_are_those_that_ip_lists()
    {
        using var fixture = new RoutingFixture();
        fixture.Workstation.AddInterface("vpn0", "10.8.0.6/24");
        fixture.Workstation.Ip("route add 10.0.0.0/8 via 10.8.0.5 dev vpn0 src 10.8.0.6 metric 50");
        fixture.Workstation.Ip("route add blackhole 10.66.0.0/16");
        fixture.Workstation.Ip("route add unreachable 10.67.0.0/16 metric 7");
        fixture.Workstation.Ip("route add 10.68.0.0/16 dev vpn0 table 775");
        fixture.Workstation.Ip("route add 10.69.0.0/16 nexthop via 10.8.0.5 nexthop via 192.0.2.1");
        using var routing = fixture.CreateRouting();

        var ours = routing
            .Snapshot()
            .Routes.Where(r => r.Destination.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            .Where(r => r.Kind is not (RouteKind.Local or RouteKind.Broadcast or RouteKind.Multicast))
            .Select(r =>
                $"{r.Destination} {r.Gateway} {r.InterfaceName} {r.PreferredSource} {r.Metric} {r.Table} {r.Kind}"
            )
            .Order(StringComparer.Ordinal);

        var theirs = fixture
            .Workstation.IpJson("-4 -N -d route show table all")
            .EnumerateArray()
            .Where(r => Text(r, "type") is not ("local" or "2" or "broadcast" or "3"))
            .SelectMany(Lines)
            .Order(StringComparer.Ordinal);
        Assert.Equal(theirs, ours);
    }

    [SkippableFact]
    public void Interfaces_have_kind_state_and_addresses()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        fixture.Workstation.Ip("link add down0 type veth peer name down0-far");

        var interfaces = routing.Snapshot().Interfaces;

        var tel = interfaces.Single(i => i.Name == "tel0");
        Assert.Equal(("tun", true, 1500), (tel.Kind, tel.IsUp, tel.Mtu));
        Assert.Contains(IPAddress.Parse("246.0.0.1"), tel.HostAddresses);
        Assert.Equal("veth", interfaces.Single(i => i.Name == "lan0").Kind);
        Assert.Contains(IPNetwork.Parse("192.0.2.0/24"), interfaces.Single(i => i.Name == "lan0").Addresses);
        Assert.False(interfaces.Single(i => i.Name == "down0").IsUp);
    }

    [SkippableFact]
    public void Rules_say_which_tables_decide()
    {
        using var fixture = new RoutingFixture();
        fixture.Workstation.AddInterface("vpn0", "10.8.0.6/24");
        int[] tables = [52, 101, 102, 103];
        foreach (var table in tables)
            fixture.Workstation.Ip($"route add 10.{table}.0.0/16 dev vpn0 table {table}");
        fixture.Workstation.Ip("rule add not fwmark 0x51 lookup 52");
        fixture.Workstation.Ip("rule add to 192.168.0.0/16 lookup 101");
        fixture.Workstation.Ip("rule add uidrange 5-6 lookup 102");
        using var routing = fixture.CreateRouting();

        var snapshot = routing.Snapshot();

        Assert.Contains(snapshot.Rules!, r => r is { IsInverted: true, Mark: 0x51, Table: 52 });
        Assert.Contains(snapshot.Rules!, r => r.To == IPNetwork.Parse("192.168.0.0/16") && r.Table == 101);
        var detector = new ConflictDetector(snapshot, new HashSet<int>());
        Assert.Equal(
            ["10.52.0.0/16", "10.102.0.0/16"],
            tables
                .Select(table => detector.First(IPNetwork.Parse($"10.{table}.0.0/16")))
                .Where(conflict => conflict is not null)
                .Select(conflict => conflict!.Subnet.ToString())
        );
    }

    [SkippableFact]
    public void Lookups_agree_with_ip_route_get()
    {
        using var fixture = new RoutingFixture();
        fixture.Workstation.Ip("route add 10.0.0.0/8 via 192.0.2.7");
        fixture.Workstation.Ip("route add unreachable 10.67.0.0/16");
        using var routing = fixture.CreateRouting();

        var lookup = routing.Lookup(new RouteQuery(IPAddress.Parse("10.1.2.3"), 6, 0, 80));
        Assert.Equal("lan0", lookup.InterfaceName);
        Assert.Equal(IPAddress.Parse("192.0.2.7"), lookup.NextHop);
        Assert.Equal(IPAddress.Parse("192.0.2.2"), lookup.Source);
        Assert.Equal(254u, lookup.Table);
        Assert.Equal(IPNetwork.Parse("10.0.0.0/8"), lookup.Route!.Destination);

        var six = routing.Lookup(new RouteQuery(IPAddress.Parse("2001:db8:9::1")));
        Assert.Equal(RoutingFixture.Router6, six.NextHop);
        Assert.Equal(IPNetwork.Parse("::/0"), six.Route!.Destination);

        Assert.Equal("No route to host", routing.Lookup(new RouteQuery(IPAddress.Parse("10.67.0.1"))).Error);
        fixture.Workstation.Ip("-6 route del default");
        Assert.NotNull(routing.Lookup(new RouteQuery(IPAddress.Parse("2001:db8:9::1"))).Error);
    }

    private static IEnumerable<string> Lines(JsonElement route)
    {
        var destination = Text(route, "dst") switch
        {
            "default" => "0.0.0.0/0",
            var text when text.Contains('/') => text,
            var text => text + "/32",
        };
        var kind = Text(route, "type") switch
        {
            "blackhole" or "6" => RouteKind.Blackhole,
            "unreachable" or "7" => RouteKind.Unreachable,
            _ => RouteKind.Unicast,
        };
        var table = Text(route, "table") is { Length: > 0 } named ? named : "254";
        IEnumerable<JsonElement> hops = route.TryGetProperty("nexthops", out var all)
            ? all.EnumerateArray()
            : Enumerable.Repeat(route, 1);
        foreach (var hop in hops)
        {
            yield return $"{destination} {Text(hop, "gateway")} {Text(hop, "dev")} {Text(route, "prefsrc")} "
                + $"{(Text(route, "metric") is { Length: > 0 } m ? m : "0")} {table} {kind}";
        }
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.ToString() : "";
}
