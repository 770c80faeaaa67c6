using System.Net;
using Telepresence.Client.Objects;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.UnitTests.Session.Planning;

public class PlanChangeTests
{
    private static readonly SystemInterface Vpn = new(
        7,
        "tun0",
        "tun",
        true,
        1500,
        [IPNetwork.Parse("10.8.0.6/32")],
        [IPAddress.Parse("10.8.0.6")]
    );

    private static SubnetPlan Plan(bool autoResolve, string[] routes, params string[] pods) =>
        SubnetPlanner.Plan(
            new SubnetPlanInput
            {
                PodSubnets = [.. pods.Select(IPNetwork.Parse)],
                AutoResolve = autoResolve,
                KeptVirtualIPv4 = new(IPNetwork.Parse("246.0.0.0/10")),
                Routing = new RoutingSnapshot([.. routes.Select(Route)], [Vpn]),
            }
        );

    private static SystemRoute Route(string prefix) =>
        new(IPNetwork.Parse(prefix), null, 7, "tun0", null, 50, 254, 3, RouteKind.Unicast, false);

    [Fact]
    public void The_same_plan_again_is_no_change()
    {
        var change = PlanChange.Between(
            Plan(true, ["10.0.0.0/8"], "10.42.0.0/16"),
            Plan(true, ["10.0.0.0/8"], "10.42.0.0/16")
        );

        Assert.True(change.IsNothing);
        Assert.Empty(change.NewConflicts);
    }

    [Fact]
    public void A_route_that_comes_is_a_new_conflict_and_ends_what_ran_through_the_subnet()
    {
        var change = PlanChange.Between(
            Plan(true, [], "10.42.0.0/16", "10.43.0.0/16"),
            Plan(true, ["10.42.0.0/24"], "10.42.0.0/16", "10.43.0.0/16")
        );

        Assert.False(change.IsNothing);
        var conflict = Assert.Single(change.NewConflicts);
        Assert.Equal(("10.42.0.0/16", ConflictResolution.Translate), (conflict.Prefix.ToString(), conflict.Resolution));
        Assert.True(change.Abandons(IPAddress.Parse("10.42.9.9")));
        Assert.False(change.Abandons(IPAddress.Parse("10.43.9.9")));
        Assert.False(change.Abandons(IPAddress.Parse("246.0.9.9")));
    }

    [Fact]
    public void A_route_that_goes_is_a_change_without_a_conflict()
    {
        var change = PlanChange.Between(Plan(true, ["10.42.0.0/24"], "10.42.0.0/16"), Plan(true, [], "10.42.0.0/16"));

        Assert.False(change.IsNothing);
        Assert.Empty(change.NewConflicts);
        Assert.Equal([IPNetwork.Parse("10.42.0.0/16")], change.After.Proxied);
    }

    [Fact]
    public void What_was_routed_before_an_unresolved_conflict_stays_routed_and_what_comes_after_is_left_out()
    {
        var change = PlanChange.Between(
            Plan(false, [], "10.42.0.0/16"),
            Plan(false, ["10.0.0.0/8"], "10.42.0.0/16", "10.44.0.0/16")
        );

        Assert.Equal([IPNetwork.Parse("10.42.0.0/16")], change.After.Proxied);
        Assert.All(change.After.Subnets, s => Assert.Equal(ConflictResolution.Refused, s.Resolution));
        Assert.Equal(2, change.NewConflicts.Count());
        Assert.False(change.Abandons(IPAddress.Parse("10.42.9.9")));

        // And it stays so the next time.
        var again = PlanChange.Between(change.After, Plan(false, ["10.0.0.0/8"], "10.42.0.0/16", "10.44.0.0/16"));
        Assert.True(again.IsNothing);
    }
}
