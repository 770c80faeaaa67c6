using System.Net;
using Telepresence.Client.Errors;
using Telepresence.Engine.Routing;

namespace Telepresence.E2ETests.Routing;

public sealed class PlanTests
{
    private static readonly IPNetwork Services = IPNetwork.Parse("10.43.0.0/16");

    [SkippableFact]
    public void Ordinary_prefixes_go_into_the_device_and_a_more_specific_route_wins()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        fixture.Workstation.Ip("route add 10.0.0.0/8 via 192.0.2.7");
        fixture.Workstation.Ip("route add 10.43.9.0/24 via 192.0.2.7");

        routing.Apply(0, new RoutePlan { InterfaceIndex = device.Index, Prefixes = [Services, Six("fd00:43::/64")] });

        Assert.Equal("tel0", fixture.DeviceFor("10.43.0.1"));
        Assert.Equal("tel0", fixture.DeviceFor("fd00:43::1"));
        Assert.Equal("lan0", fixture.DeviceFor("10.43.9.1"));
        Assert.Equal("lan0", fixture.DeviceFor("10.44.0.1"));
        var lookup = routing.Lookup(new RouteQuery(IPAddress.Parse("10.43.0.1")));
        Assert.Equal("tel0", lookup.InterfaceName);
        Assert.True(lookup.Route!.IsOurs);
    }

    [SkippableFact]
    public void Overriding_prefixes_win_over_more_specific_routes_and_over_a_vpns_own_table()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        fixture.Workstation.Ip("route add 10.43.9.0/24 via 192.0.2.7");
        fixture.Workstation.Ip("route add 10.43.8.0/24 dev lan0 table 52");
        fixture.Workstation.Ip("rule add pref 5270 lookup 52");
        Assert.Equal("lan0", fixture.DeviceFor("10.43.8.1"));

        routing.Apply(0, new RoutePlan { InterfaceIndex = device.Index, OverridingPrefixes = [Services] });

        Assert.Equal("tel0", fixture.DeviceFor("10.43.9.1"));
        Assert.Equal("tel0", fixture.DeviceFor("10.43.8.1"));
    }

    [SkippableFact]
    public void Never_proxied_destinations_keep_interface_and_gateway_and_follow_changes()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        fixture.Workstation.AddInterface("lan1", "198.51.100.2/24");
        fixture.Workstation.Ip("route add 10.0.0.0/8 via 198.51.100.9");
        var changed = new SemaphoreSlim(0);
        routing.Changed += () => changed.Release();

        routing.Apply(
            0,
            new RoutePlan
            {
                InterfaceIndex = device.Index,
                Prefixes = [Services],
                OverridingPrefixes = [IPNetwork.Parse("10.44.0.0/16")],
                NeverProxied = [IPNetwork.Parse("10.43.5.5/32"), IPNetwork.Parse("10.44.7.0/24")],
            }
        );

        Assert.Equal("tel0", fixture.DeviceFor("10.43.5.4"));
        Assert.Equal("tel0", fixture.DeviceFor("10.44.8.1"));
        foreach (var never in new[] { "10.43.5.5", "10.44.7.7" })
        {
            var lookup = routing.Lookup(new RouteQuery(IPAddress.Parse(never)));
            Assert.Equal(("lan1", "198.51.100.9"), (lookup.InterfaceName, lookup.NextHop?.ToString()));
        }
        fixture.Workstation.Ip("route replace 10.0.0.0/8 via 192.0.2.7");
        Assert.Equal("lan0", fixture.DeviceFor("10.43.5.5"));

        // A foreign route that is more specific than the prefix, but less than the pieces around the hole.
        fixture.Workstation.Ip("route add 10.43.0.0/17 via 192.0.2.8");
        Until(changed, () => fixture.DeviceFor("10.43.5.4") == "lan0");
        Assert.Equal("tel0", fixture.DeviceFor("10.43.200.1"));
        fixture.Workstation.Ip("route del 10.43.0.0/17");
        Until(changed, () => fixture.DeviceFor("10.43.5.4") == "tel0");
    }

    [SkippableFact]
    public void Applying_again_changes_only_the_difference_and_clearing_leaves_nothing()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        var before = fixture.State();
        var plan = new RoutePlan
        {
            InterfaceIndex = device.Index,
            Prefixes = [Services, IPNetwork.Parse("10.50.0.0/16")],
            OverridingPrefixes = [IPNetwork.Parse("10.44.0.0/16"), Six("fd00:44::/64")],
            CapturedNameServers = [RoutingFixture.Router4, RoutingFixture.Router6],
        };
        routing.Apply(0, plan);
        var applied = fixture.State();
        using var monitor = fixture.Workstation.Start("ip", "monitor", "route", "rule");
        routing.Apply(0, plan);
        Assert.Equal(applied, fixture.State());
        routing.Apply(0, plan with { Prefixes = [Services, IPNetwork.Parse("10.51.0.0/16")] });
        Assert.Equal("lan0", fixture.DeviceFor("10.50.0.1"));
        Assert.Equal("tel0", fixture.DeviceFor("10.51.0.1"));
        monitor.Kill();

        routing.Clear(0);
        routing.Clear(0);
        Assert.Equal(before, fixture.State());
    }

    [SkippableFact]
    public void A_plan_that_fails_half_way_is_taken_back()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        var good = new RoutePlan { InterfaceIndex = device.Index, Prefixes = [Services] };
        routing.Apply(0, good);
        var before = fixture.State();
        // Not ours, but in the way: the kernel refuses a second route like it.
        fixture.Workstation.Ip("route add 10.60.0.0/16 dev lan0 metric 1116");
        before = fixture.State();

        var error = Assert.Throws<TelepresenceException>(() =>
            routing.Apply(
                0,
                good with
                {
                    Prefixes = [IPNetwork.Parse("10.59.0.0/16"), IPNetwork.Parse("10.60.0.0/16")],
                    CapturedNameServers = [RoutingFixture.Router4],
                }
            )
        );

        Assert.True(error.Is(ErrorId.RoutingFailed));
        Assert.Equal(before, fixture.State());
        routing.Apply(0, good);
        Assert.Equal(before, fixture.State());
    }

    [SkippableFact]
    public void Two_sessions_of_one_engine_stand_side_by_side()
    {
        using var fixture = new RoutingFixture();
        using var one = fixture.CreateDevice();
        using var two = fixture.CreateDevice("246.64.0.1", "fd00:247::1");
        using var routing = fixture.CreateRouting();
        RoutePlan Plan(int index, string prefix) =>
            new()
            {
                InterfaceIndex = index,
                Prefixes = [IPNetwork.Parse(prefix)],
                CapturedNameServers = [RoutingFixture.Router4],
            };
        routing.Apply(0, Plan(one.Index, "10.43.0.0/16"));
        routing.Apply(1, Plan(two.Index, "10.53.0.0/16"));

        Assert.Equal("tel0", fixture.DeviceFor("10.43.0.1"));
        Assert.Equal("tel1", fixture.DeviceFor("10.53.0.1"));
        Assert.Equal("tel0", fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53"));
        routing.Clear(0);
        Assert.Equal("lan0", fixture.DeviceFor("10.43.0.1"));
        Assert.Equal("tel1", fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53"));
        routing.Clear(1);
        Assert.Equal("lan0", fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53"));
    }

    [SkippableFact]
    public void What_somebody_else_removed_of_ours_comes_back()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        var changed = new SemaphoreSlim(0);
        routing.Changed += () => changed.Release();
        routing.Apply(
            0,
            new RoutePlan { InterfaceIndex = device.Index, CapturedNameServers = [RoutingFixture.Router4] }
        );
        fixture.Workstation.Ip("rule flush");
        fixture.Workstation.Ip("rule add pref 32766 lookup main");
        Until(changed, () => fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53") == "tel0");
    }

    [SkippableFact]
    public void Own_changes_raise_no_event()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        var events = 0;
        var changed = new SemaphoreSlim(0);
        routing.Changed += () =>
        {
            Interlocked.Increment(ref events);
            changed.Release();
        };
        routing.Apply(
            0,
            new RoutePlan
            {
                InterfaceIndex = device.Index,
                Prefixes = [Services],
                CapturedNameServers = [RoutingFixture.Router4],
            }
        );
        routing.Clear(0);
        // Notifications come in order: when the foreign one has been raised, ours have been seen before it.
        fixture.Workstation.Ip("route add 10.99.0.0/16 via 192.0.2.7");
        Assert.True(changed.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal(1, events);
    }

    private static IPNetwork Six(string text) => IPNetwork.Parse(text);

    private static void Until(SemaphoreSlim changed, Func<bool> condition)
    {
        while (!condition())
        {
            Assert.True(changed.Wait(TimeSpan.FromSeconds(30)), "no change was raised any more");
        }
    }
}
