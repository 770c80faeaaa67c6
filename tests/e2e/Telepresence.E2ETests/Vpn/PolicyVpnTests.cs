using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>VPNs that route by policy: their tables are asked before the main one, or around it.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class PolicyVpnTests
{
    private const string Services = "100.96.0.0/16";
    private const string Pods = "172.30.0.0/16";
    private const string Colliding = "100.96.9.9";
    private const string Elsewhere = "100.70.0.7";
    private const string Tailscale = $"dev={PolicyVpn.Tailscale} prefsrc={PolicyVpn.TailscaleAddress}";
    private const string WireGuard = $"dev={PolicyVpn.WireGuard} prefsrc={PolicyVpn.WireGuardAddress}";

    [SkippableFact]
    public async Task By_default_a_table_of_the_VPNs_own_is_left_alone()
    {
        await using var workstation = await StartAsync(PolicyVpn.AddTailscale, Office.MagicNameServer);
        await using var scene = await ConnectAsync(workstation, Services, new SubnetSelection());

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
        await using var workstation = await StartAsync(PolicyVpn.AddTailscale, Office.MagicNameServer);
        using var added = route.Length > 0 ? new AddedRoute(workstation.Net, route) : null;
        await using var scene = await ConnectAsync(
            workstation,
            Services,
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
        await using var workstation = await StartAsync(PolicyVpn.AddTailscale, Office.MagicNameServer);
        var error = await VpnScene.RefusedAsync(
            workstation,
            await ClusterAsync(workstation, Services),
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
        await using var workstation = await StartAsync(PolicyVpn.AddTailscale, Office.MagicNameServer);
        workstation.Net.Ip($"route add default dev {PolicyVpn.Tailscale} table 52");
        await using var scene = await ConnectAsync(workstation, Services, new SubnetSelection());

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
        await using var workstation = await StartAsync(PolicyVpn.AddWireGuard, Office.NameServer);
        await using var scene = await ConnectAsync(
            workstation,
            "10.20.96.0/20",
            new SubnetSelection { Vnat = ["pods"], NeverProxy = ["10.20.111.0/24"] }
        );

        Assert.Equal(["10.20.96.0/20"], scene.Session.Subnets);
        Assert.Equal([Pods], scene.Session.TranslatedSubnets);
        scene.AssertGoesIntoTheCluster("10.20.96.1", "10.20.110.255");
        scene.AssertClusterAnswers();
        foreach (var address in (string[])["10.20.95.255", "10.20.111.0", "10.20.112.0", Colliding])
            Assert.Equal(WireGuard, scene.RouteTo(address));
        workstation.AssertOfficeAnswers();
        workstation.AssertOfficeAnswersAt(Colliding);
        await scene.EndAsync();
    }

    private static async Task<Workstation> StartAsync(Action<Workstation, Office> addVpn, string nameServer)
    {
        Workstation.RequireTools("dnsmasq");
        var workstation = await Workstation.StartAsync($"nameserver {nameServer}\noptions timeout:5 attempts:2\n");
        try
        {
            addVpn(workstation, await Office.StartAsync(workstation, Colliding, Elsewhere));
            return workstation;
        }
        catch
        {
            await workstation.DisposeAsync();
            throw;
        }
    }

    private static async Task<VpnScene> ConnectAsync(
        Workstation workstation,
        string services,
        SubnetSelection subnets
    ) => await VpnScene.ConnectAsync(workstation, await ClusterAsync(workstation, services), subnets);

    private static Task<SandboxProcess> ClusterAsync(Workstation workstation, string services) =>
        SandboxProcess.StartAsync(workstation, "--service-subnet", services, "--pod-subnet", Pods);

    private static void AssertTailscaleAnswers(Workstation workstation)
    {
        workstation.AssertOfficeAnswersAt(Elsewhere);
        Assert.Equal(Office.Intranet, workstation.Dig("+short", Office.IntranetName, "A"));
    }
}
