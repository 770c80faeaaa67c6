using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Routing;

namespace Telepresence.UnitTests.Routing;

public sealed class DesiredRoutingTests
{
    private const int Device = 9;
    private static readonly RoutingBlock Block = new(0);
    private static readonly IPAddress NameServer = IPAddress.Parse("192.168.1.1");

    [Fact]
    public void No_plan_wants_nothing()
    {
        var desired = Of(new RoutePlan { InterfaceIndex = Device });
        Assert.Empty(desired.Routes);
        Assert.Empty(desired.Rules);
    }

    [Fact]
    public void Ordinary_prefixes_are_routes_of_the_main_table_and_need_no_rule()
    {
        var desired = Of(new RoutePlan { InterfaceIndex = Device, Prefixes = [Net("10.43.0.0/16")] });
        var route = Assert.Single(desired.Routes);
        Assert.Equal((DesiredRouting.MainTable, Device), (route.Table, route.InterfaceIndex));
        Assert.Empty(desired.Rules);
    }

    [Fact]
    public void A_shadowed_route_is_in_the_overriding_table_too()
    {
        var desired = Of(
            new RoutePlan { InterfaceIndex = Device, Prefixes = [Net("10.43.0.0/16"), Net("fd00:43::/64")] },
            route => route.Destination == Net("10.43.0.0/16")
        );
        Assert.Equal(
            [("10.43.0.0/16", DesiredRouting.MainTable), ("10.43.0.0/16", Block.OverridingTable)],
            desired
                .Routes.Where(r => r.Destination.BaseAddress.AddressFamily == AddressFamily.InterNetwork)
                .Select(r => (r.Destination.ToString(), r.Table))
        );
        Assert.Contains(
            desired.Rules,
            r =>
                r is { Action: RuleAction.Lookup, Family: AddressFamily.InterNetwork }
                && r.Table == Block.OverridingTable
        );
        Assert.DoesNotContain(desired.Rules, r => r.Family == AddressFamily.InterNetworkV6);
    }

    [Fact]
    public void Never_proxied_addresses_are_cut_out_and_all_others_stay()
    {
        var never = Net("10.43.5.5/32");
        var desired = Of(
            new RoutePlan
            {
                InterfaceIndex = Device,
                Prefixes = [Net("10.43.0.0/16")],
                NeverProxied = [never],
            }
        );
        Assert.Equal(16, desired.Routes.Count);
        Assert.DoesNotContain(desired.Routes, r => r.Destination.Overlaps(never));
        Assert.Equal((1 << 16) - 1, desired.Routes.Sum(r => 1L << (32 - r.Destination.PrefixLength)));
    }

    [Fact]
    public void A_never_proxied_prefix_that_covers_all_leaves_nothing() =>
        Assert.Empty(
            Of(
                new RoutePlan
                {
                    InterfaceIndex = Device,
                    Prefixes = [Net("10.43.0.0/16")],
                    OverridingPrefixes = [Net("10.44.0.0/16")],
                    NeverProxied = [Net("10.0.0.0/8")],
                }
            ).Routes
        );

    [Fact]
    public void Pieces_around_a_hole_do_not_beat_a_foreign_route_that_the_prefix_does_not_beat()
    {
        var foreign = Net("10.43.0.0/17");
        var desired = Of(
            new RoutePlan
            {
                InterfaceIndex = Device,
                Prefixes = [Net("10.43.0.0/16")],
                NeverProxied = [Net("10.43.5.5/32")],
            },
            foreign
        );
        Assert.Equal(Net("10.43.128.0/17"), Assert.Single(desired.Routes).Destination);
    }

    [Fact]
    public void A_capture_is_a_rule_for_each_protocol_and_a_route_with_the_old_source()
    {
        var desired = Of(new RoutePlan { InterfaceIndex = Device, CapturedNameServers = [NameServer] });
        var route = Assert.Single(desired.Routes);
        Assert.Equal((Net("192.168.1.1/32"), Block.CaptureTable), (route.Destination, route.Table));
        Assert.Equal(IPAddress.Parse("192.168.1.7"), route.Source);
        Assert.Equal(
            [
                $"{Block.End}: nop",
                $"{Block.Start}: fwmark 0x1000000/0x1000000 goto {Block.End}",
                $"{Block.CapturePreference}: iif lo to 192.168.1.1/32 ipproto udp dport 53 lookup {Block.CaptureTable}",
                $"{Block.CapturePreference}: iif lo to 192.168.1.1/32 ipproto tcp dport 53 lookup {Block.CaptureTable}",
            ],
            desired.Rules.Select(r => r.ToString())
        );
        Assert.All(desired.Rules, r => Assert.True(Block.Owns(r)));
    }

    [Fact]
    public void Link_local_name_servers_cannot_be_captured() =>
        Assert.Empty(
            Of(new RoutePlan { InterfaceIndex = Device, CapturedNameServers = [IPAddress.Parse("fe80::1%2")] }).Routes
        );

    [Fact]
    public void Rules_are_made_only_for_the_families_that_need_them()
    {
        var desired = Of(new RoutePlan { InterfaceIndex = Device, OverridingPrefixes = [Net("fd00::/64")] });
        Assert.All(desired.Rules, r => Assert.Equal(AddressFamily.InterNetworkV6, r.Family));
        Assert.Contains(desired.Rules, r => r.Table == Block.OverridingTable);
    }

    [Fact]
    public void A_plan_whose_interface_is_gone_asks_for_nothing() =>
        Assert.Empty(Of(new RoutePlan { InterfaceIndex = Device + 1, Prefixes = [Net("10.43.0.0/16")] }).Routes);

    [Fact]
    public void A_mark_leaves_its_own_block_and_all_later_ones_but_no_earlier_one()
    {
        foreach (var marked in RoutingBlock.All)
        {
            foreach (var passed in RoutingBlock.All)
            {
                Assert.Equal(passed.Number >= marked.Number, (marked.Mark & passed.MarkBit) != 0);
            }
        }
    }

    [Fact]
    public void Blocks_share_nothing_and_later_ones_are_asked_first()
    {
        var blocks = RoutingBlock.All.ToList();
        Assert.Equal(RoutingBlock.Count, blocks.Select(b => b.CaptureTable).Distinct().Count());
        Assert.All(blocks.Zip(blocks.Skip(1)), pair => Assert.True(pair.Second.End < pair.First.Start));
        Assert.All(
            blocks,
            b =>
                Assert.True(
                    b.Start < b.CapturePreference
                        && b.CapturePreference < b.OverridingPreference
                        && b.OverridingPreference < b.End
                )
        );
    }

    private static DesiredRouting Of(RoutePlan plan, params IPNetwork[] foreign) => Of(plan, _ => false, foreign);

    private static DesiredRouting Of(RoutePlan plan, Func<OwnRoute, bool> isShadowed, params IPNetwork[] foreign) =>
        DesiredRouting.Of(
            Block,
            new Dictionary<int, RoutePlan> { [0] = plan },
            new RoutingSnapshot(
                [
                    .. foreign.Select(f => new SystemRoute(
                        f,
                        null,
                        2,
                        "eth0",
                        null,
                        0,
                        DesiredRouting.MainTable,
                        4,
                        RouteKind.Unicast,
                        IsOurs: false
                    )),
                ],
                [new SystemInterface(Device, "tel0", "tun", true, 1500, [], [])]
            ),
            _ => IPAddress.Parse("192.168.1.7"),
            isShadowed
        );

    private static IPNetwork Net(string text) => IPNetwork.Parse(text);
}
