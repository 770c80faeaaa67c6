using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>VPNs that route by policy: their tables are asked before the main one, or around it.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class PolicyVpnTests(PolicyVpnFixture fixture) : IClassFixture<PolicyVpnFixture>
{
    private const string Services = PolicyVpnFixture.TailscaleServices;
    private const string Pods = PolicyVpnFixture.Pods;
    private const string Colliding = PolicyVpnFixture.Colliding;
    private const string Tailscale = $"dev={PolicyVpn.Tailscale} prefsrc={PolicyVpn.TailscaleAddress}";
    private const string WireGuard = $"dev={PolicyVpn.WireGuard} prefsrc={PolicyVpn.WireGuardAddress}";

    [SkippableFact]
    public async Task By_default_a_table_of_the_VPNs_own_is_left_alone()
    {
        var workstation = await fixture.TailscaleAsync();
        await using var scene = await ConnectAsync(workstation, new SubnetSelection());

        Assert.Equal([Services], scene.Session.TranslatedSubnets);
        Assert.Equal([Pods], scene.Session.Subnets);
        scene.AssertClusterAnswers();
        Assert.Equal(Tailscale, scene.RouteTo(scene.Sandbox.Addresses("demo/web")[0]));
        Assert.Equal(Tailscale, scene.RouteTo(Colliding));
        AssertTailscaleAnswers(workstation);
        workstation.AssertOfficeAnswersAt(Colliding);
        await scene.EndAsync();
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData($"{Services} dev {PolicyVpn.Tailscale} table 52")]
    [InlineData($"{Colliding}/32 dev {PolicyVpn.Tailscale} table 52")]
    public async Task An_allowed_conflict_wins_over_a_table_that_is_asked_before_the_main_one(string route)
    {
        var workstation = await fixture.TailscaleAsync();
        using var added = route.Length > 0 ? Added.Route(workstation.Net, route) : null;
        await using var scene = await ConnectAsync(
            workstation,
            new SubnetSelection { AllowConflictingSubnet = ["100.64.0.0/10"], NeverProxy = ["100.96.200.0/24"] }
        );

        Assert.Empty(scene.Session.TranslatedSubnets);
        scene.AssertGoesIntoTheCluster(Colliding, "100.96.0.1", "100.96.199.255", "100.96.201.0");
        Assert.Equal(scene.Sandbox.Addresses("demo/web")[0], scene.AddressOf("web.demo"));
        scene.AssertClusterAnswers();
        Assert.Equal(Tailscale, scene.RouteTo("100.96.200.9"));
        AssertTailscaleAnswers(workstation);
        await scene.EndAsync();
        workstation.AssertOfficeAnswersAt(Colliding);
    }

    [SkippableFact]
    public async Task Without_automatic_resolution_the_conflict_in_the_VPNs_table_is_named()
    {
        var workstation = await fixture.TailscaleAsync();
        var error = await VpnScene.RefusedAsync(
            workstation,
            fixture.Cluster(workstation),
            new SubnetSelection { AutoResolveConflicts = false }
        );

        Assert.Equal(nameof(ErrorId.SubnetConflict), error.Id);
        Assert.StartsWith(
            "subnet 100.96.0.0/16 overlaps with existing route \"100.64.0.0/10 via 100.101.102.103 dev tailscale0\"",
            error.Message,
            StringComparison.Ordinal
        );
        AssertTailscaleAnswers(workstation);
    }

    /// <summary>An exit node: its table, which is asked before the main one, has a default route.</summary>
    [SkippableFact]
    public async Task A_default_route_that_is_asked_before_the_main_table_is_no_conflict_and_does_not_win()
    {
        var workstation = await fixture.TailscaleAsync();
        using var exitNode = Added.Route(workstation.Net, $"default dev {PolicyVpn.Tailscale} table 52");
        await using var scene = await ConnectAsync(workstation, new SubnetSelection());

        Assert.Equal([Services], scene.Session.TranslatedSubnets);
        Assert.Equal([Pods], scene.Session.Subnets);
        scene.AssertGoesIntoTheCluster("172.30.0.1", scene.AddressOf("web.demo"));
        scene.AssertClusterAnswers();
        Assert.Equal(Tailscale, scene.RouteTo("172.31.0.1"));
        AssertTailscaleAnswers(workstation);
        workstation.AssertOfficeAnswers();
        await scene.EndAsync();
    }

    [SkippableFact]
    public async Task A_tunnel_for_everything_is_no_conflict_and_keeps_what_is_not_the_clusters()
    {
        var workstation = await fixture.WireGuardAsync();
        await using var scene = await ConnectAsync(
            workstation,
            new SubnetSelection { Vnat = ["pods"], NeverProxy = ["10.20.111.0/24"] }
        );

        Assert.Equal([PolicyVpnFixture.WireGuardServices], scene.Session.Subnets);
        Assert.Equal([Pods], scene.Session.TranslatedSubnets);
        scene.AssertGoesIntoTheCluster("10.20.96.1", "10.20.110.255");
        scene.AssertClusterAnswers();
        foreach (var address in (string[])["10.20.95.255", "10.20.111.0", "10.20.112.0", Colliding])
            Assert.Equal(WireGuard, scene.RouteTo(address));
        workstation.AssertOfficeAnswers();
        workstation.AssertOfficeAnswersAt(Colliding);
        await scene.EndAsync();
    }

    private Task<VpnScene> ConnectAsync(Workstation workstation, SubnetSelection subnets) =>
        VpnScene.ConnectAsync(workstation, fixture.Cluster(workstation), subnets);

    private static void AssertTailscaleAnswers(Workstation workstation)
    {
        workstation.AssertOfficeAnswersAt(PolicyVpnFixture.Elsewhere);
        Assert.Equal(Office.Intranet, workstation.Dig("+short", Office.IntranetName, "A"));
    }
}
