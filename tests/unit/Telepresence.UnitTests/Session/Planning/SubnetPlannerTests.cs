using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.UnitTests.Session.Planning;

/// <summary>The table of DESIGN §5, row by row.</summary>
public class SubnetPlannerTests
{
    private static readonly IPNetwork _services = IPNetwork.Parse("10.43.0.0/16");
    private static readonly IPNetwork _pods = IPNetwork.Parse("10.42.0.0/16");

    private static SubnetPlanInput Cluster(params string[] routes) =>
        new()
        {
            ServiceSubnets = [_services],
            PodSubnets = [_pods],
            Routing = new RoutingSnapshot([.. routes.Select(VpnRoute)], [Vpn]),
        };

    private static readonly SystemInterface Vpn = new(
        7,
        "tun0",
        "tun",
        true,
        1500,
        [IPNetwork.Parse("10.8.0.6/32")],
        [IPAddress.Parse("10.8.0.6")]
    );

    private static SystemRoute VpnRoute(string prefix) =>
        new(
            IPNetwork.Parse(prefix),
            IPAddress.Parse("10.8.0.5"),
            7,
            "tun0",
            IPAddress.Parse("10.8.0.6"),
            0,
            254,
            3,
            RouteKind.Unicast,
            false
        );

    private static string Show(SubnetPlan plan) =>
        string.Join(
            ", ",
            plan.Subnets.OrderBy(s => s.Prefix.ToString(), StringComparer.Ordinal)
                .Select(s => $"{s.Prefix} {s.Kind} {s.Disposition} {s.Resolution}")
        );

    [Fact]
    public void Without_an_overlap_everything_is_routed_as_it_is() =>
        Assert.Equal(
            "10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Proxied None",
            Show(SubnetPlanner.Plan(Cluster("0.0.0.0/0", "192.168.0.0/16")))
        );

    [Fact]
    public void Only_the_subnet_that_collides_is_translated() =>
        Assert.Equal(
            "10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Translated Translate",
            Show(SubnetPlanner.Plan(Cluster("10.43.8.0/24")))
        );

    [Fact]
    public void Half_default_routes_of_a_VPN_never_collide() =>
        Assert.Equal(
            "10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Proxied None",
            Show(SubnetPlanner.Plan(Cluster("0.0.0.0/1", "128.0.0.0/1")))
        );

    [Fact]
    public void An_allowed_conflict_is_routed_over_the_local_route()
    {
        var plan = SubnetPlanner.Plan(Cluster("10.0.0.0/8") with { AllowConflicting = [_pods] });
        Assert.Equal("10.42.0.0/16 Pod Proxied Allowed, 10.43.0.0/16 Service Translated Translate", Show(plan));
        Assert.Equal([_pods], plan.Overriding);
        Assert.Empty(plan.Proxied);
    }

    [Fact]
    public void Allowing_part_of_a_subnet_does_not_allow_it() =>
        Assert.Contains(
            "10.42.0.0/16 Pod Translated",
            Show(
                SubnetPlanner.Plan(Cluster("10.0.0.0/8") with { AllowConflicting = [IPNetwork.Parse("10.42.0.0/17")] })
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void Without_auto_resolution_a_conflict_is_refused_and_named()
    {
        var plan = SubnetPlanner.Plan(Cluster("10.0.0.0/8") with { AutoResolve = false });
        Assert.Equal(_services, plan.Refused!.Prefix);
        Assert.Equal(
            "subnet 10.43.0.0/16 overlaps with existing route \"10.0.0.0/8 via 10.8.0.6 dev tun0, gw 10.8.0.5\"",
            plan.Refused.Conflict!.ToString()
        );
    }

    [Theory]
    [InlineData(null, "10.42.0.0/16 Pod Translated None, 10.43.0.0/16 Service Translated None")]
    [InlineData(SubnetKind.Service, "10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Translated None")]
    [InlineData(SubnetKind.Pod, "10.42.0.0/16 Pod Translated None, 10.43.0.0/16 Service Proxied None")]
    public void A_symbol_translates_its_kind_without_any_conflict(SubnetKind? kind, string expected) =>
        Assert.Equal(
            expected,
            Show(SubnetPlanner.Plan(Cluster() with { Translate = [new TranslationRequest(null, kind)] }))
        );

    [Theory]
    [InlineData("10.42.0.0/15", "10.42.0.0/16 Pod Translated None, 10.43.0.0/16 Service Translated None")]
    [InlineData("10.43.0.0/16", "10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Translated None")]
    [InlineData(
        "10.43.128.0/17",
        "10.42.0.0/16 Pod Proxied None, 10.43.0.0/17 Service Proxied None, 10.43.128.0/17 Service Translated None"
    )]
    [InlineData(
        "172.20.0.0/16",
        "10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Proxied None, 172.20.0.0/16 Also Translated None"
    )]
    public void A_CIDR_may_cover_equal_split_or_miss_a_subnet(string cidr, string expected) =>
        Assert.Equal(
            expected,
            Show(
                SubnetPlanner.Plan(Cluster() with { Translate = [new TranslationRequest(IPNetwork.Parse(cidr), null)] })
            )
        );

    [Fact]
    public void Overlapping_requests_are_refused()
    {
        var input = Cluster() with
        {
            Translate =
            [
                new TranslationRequest(IPNetwork.Parse("10.0.0.0/8"), null),
                new TranslationRequest(IPNetwork.Parse("10.43.0.0/16"), null),
            ],
        };
        Assert.Equal(
            "OverlappingTranslation",
            Assert.Throws<TelepresenceException>(() => SubnetPlanner.Plan(input)).Id
        );
    }

    [Theory]
    [InlineData("all=web all=echo")]
    [InlineData("all=web service=")]
    [InlineData("pods=web all=echo")]
    [InlineData("service= service=web")]
    [InlineData("127.0.0.0/8=web 127.0.0.6/32=echo")]
    public void Nor_may_two_workloads_want_the_same(string requests) =>
        Assert.Equal(
            "OverlappingTranslation",
            Assert
                .Throws<TelepresenceException>(() =>
                    SubnetPlanner.Plan(Cluster() with { Translate = Requests(requests) })
                )
                .Id
        );

    [Theory]
    [InlineData("all=web", "10.42.0.0/16=web 10.43.0.0/16=web")]
    [InlineData("service=web pods=echo", "10.42.0.0/16=echo 10.43.0.0/16=web")]
    [InlineData("service=web pods=", "10.43.0.0/16=web")]
    [InlineData("service=web 10.43.128.0/17=echo", "10.43.0.0/17=web 10.43.128.0/17=echo")]
    [InlineData("service=web 10.43.128.0/17=web", "10.43.0.0/16=web")]
    [InlineData("service= 10.42.0.0/15=echo", "10.42.0.0/16=echo 10.43.0.0/16=echo")]
    [InlineData("127.0.0.0/8=web", "127.0.0.0/8=web")]
    [InlineData("::1/128=web", "::1/128=web")]
    public void Each_translated_subnet_has_its_workload(string requests, string expected)
    {
        var plan = SubnetPlanner.Plan(Cluster() with { Translate = Requests(requests) });
        Assert.Equal(expected, string.Join(' ', plan.Workloads.Select(w => $"{w.Subnet}={w.Workload}").Order()));
        // Loop-back has a virtual address, and no route of its own.
        Assert.DoesNotContain(plan.Proxied.Concat(plan.Overriding), n => IPAddress.IsLoopback(n.BaseAddress));
    }

    private static TranslationRequest[] Requests(string texts) =>
        [.. SessionSettings.Parse(Parameters(texts)).Translate];

    private static ConnectParameters Parameters(string texts) =>
        new()
        {
            Subnets = new SubnetSelection
            {
                ProxyVia = [.. texts.Split(' ').Select(t => t.EndsWith('=') ? t + "local" : t)],
            },
        };

    [Fact]
    public void Of_an_also_and_a_never_proxied_subnet_that_are_equal_the_latter_wins()
    {
        var both = IPNetwork.Parse("198.51.100.0/24");

        var plan = SubnetPlanner.Plan(Cluster() with { AlsoProxy = [both], NeverProxy = [both] });

        Assert.DoesNotContain(plan.Subnets, s => s.Prefix == both);
    }

    [Fact]
    public void A_never_proxied_subnet_is_left_alone_unless_an_also_proxied_one_lies_between()
    {
        var input = Cluster() with { NeverProxy = [IPNetwork.Parse("10.0.0.0/8")] };
        Assert.Equal("", Show(SubnetPlanner.Plan(input)));
        Assert.Equal(
            "10.42.0.0/15 Also Proxied None, 10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Proxied None",
            Show(SubnetPlanner.Plan(input with { AlsoProxy = [IPNetwork.Parse("10.42.0.0/15")] }))
        );
    }

    [Fact]
    public void An_also_proxied_subnet_in_a_never_proxied_one_in_a_routed_one_is_routed()
    {
        var plan = SubnetPlanner.Plan(
            Cluster() with
            {
                NeverProxy = [IPNetwork.Parse("10.43.9.0/24")],
                AlsoProxy = [IPNetwork.Parse("10.43.9.128/25"), IPNetwork.Parse("10.43.8.0/24")],
            }
        );
        Assert.Contains("10.43.9.128/25 Also Proxied None", Show(plan), StringComparison.Ordinal);
        Assert.DoesNotContain("10.43.8.0/24", Show(plan), StringComparison.Ordinal);
        Assert.Equal([IPNetwork.Parse("10.43.9.0/25")], plan.NeverProxied);
    }

    [Fact]
    public void A_never_proxied_hole_is_kept_for_the_routes()
    {
        var hole = IPNetwork.Parse("10.43.0.10/32");
        var plan = SubnetPlanner.Plan(Cluster() with { NeverProxy = [hole, IPNetwork.Parse("192.0.2.1/32")] });
        Assert.Equal([hole], plan.NeverProxied);
    }

    [Theory]
    [InlineData("127.0.0.0/8")]
    [InlineData("::1/128")]
    public void Loopback_is_never_proxied(string loopback) =>
        Assert.Equal(
            "LoopbackSubnet",
            Assert
                .Throws<TelepresenceException>(() =>
                    SubnetPlanner.Plan(Cluster() with { AlsoProxy = [IPNetwork.Parse(loopback)] })
                )
                .Id
        );

    [Fact]
    public void The_virtual_subnet_avoids_routes_and_other_sessions()
    {
        var plan = SubnetPlanner.Plan(
            Cluster("246.0.0.0/10") with
            {
                VirtualSubnetsInUse = [("other", IPNetwork.Parse("246.64.0.0/10"))],
            }
        );
        Assert.Equal(IPNetwork.Parse("246.128.0.0/10"), plan.VirtualIPv4.Network);
    }

    [Fact]
    public void A_virtual_subnet_that_overlaps_a_route_is_an_error() =>
        Assert.Equal(
            "VirtualSubnetOverlaps",
            Assert
                .Throws<TelepresenceException>(() =>
                    SubnetPlanner.Plan(Cluster("10.0.0.0/8") with { VirtualSubnet = IPNetwork.Parse("10.99.0.0/16") })
                )
                .Id
        );

    [Fact]
    public void A_translated_IPv6_subnet_gets_a_unique_local_prefix()
    {
        var plan = SubnetPlanner.Plan(
            Cluster() with
            {
                PodSubnets = [IPNetwork.Parse("fd00:10::/64")],
                Translate = [new TranslationRequest(null, null)],
            }
        );
        Assert.True(IPNetwork.Parse("fd00::/8").Contains(plan.VirtualIPv6!.Network.BaseAddress));
    }

    [Fact]
    public void A_duplicate_or_covered_subnet_is_routed_once() =>
        Assert.Equal(
            "10.42.0.0/16 Pod Proxied None, 10.43.0.0/16 Service Proxied None",
            Show(SubnetPlanner.Plan(Cluster() with { PodSubnets = [_pods, _pods, IPNetwork.Parse("10.42.7.0/24")] }))
        );
}
