using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>A real VPN comes, goes and changes under a connected session; its name server is the machine's only one.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class ChangingVpnTests(OpenVpnFixture fixture) : IClassFixture<OpenVpnFixture>
{
    private const string Services = "172.29.0.0/16";
    private const string Pods = "10.42.0.0/16";

    [SkippableFact]
    public async Task A_VPN_that_comes_takes_only_what_collides_and_gives_it_back_when_it_goes()
    {
        await using var scene = await StartWithoutVpnAsync(new SubnetSelection());
        Assert.Empty(scene.Session.TranslatedSubnets);
        scene.AssertClusterAnswers();
        var pod = scene.AddressOf("web-headless.demo");
        scene.AssertGoesIntoTheCluster(pod);
        await using var held = await HeldConnection.OpenAsync(
            fixture.Workstation,
            scene.Sandbox.Addresses("demo/tcp-echo")[0]
        );

        var during = await scene.ChangeAsync(() => fixture.Vpn.UpAsync(), s => s.TranslatedSubnets.Length > 0);

        Assert.Equal([Pods], during.TranslatedSubnets);
        Assert.Equal([Services], during.Subnets);
        var conflict = Assert.Single(during.Conflicts);
        Assert.Equal(
            (Pods, "10.0.0.0/8", "tun0", ConflictResolution.Translate),
            (conflict.Subnet, conflict.ConflictingRoute, conflict.InterfaceAlias, conflict.Resolution)
        );
        await held.AssertGoesOnAsync();
        fixture.Workstation.AssertOfficeAnswers();
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.InPodsToo);
        Assert.Equal(OpenVpn.Route, scene.RouteTo(pod));
        var moved = scene.AddressOf("web-headless.demo");
        scene.AssertGoesIntoTheCluster(moved);
        scene.AssertClusterAnswers();

        // The same interface under another name.
        var renamed = await scene.ChangeAsync(
            () => Task.FromResult(fixture.Workstation.Net.Ip("link set tun0 name corp0")),
            s => s.Conflicts.Any(c => c.InterfaceAlias == "corp0")
        );
        Assert.Equal([Pods], renamed.TranslatedSubnets);
        Assert.StartsWith("dev=corp0 gateway=10.8.0.5", scene.RouteTo(pod), StringComparison.Ordinal);
        fixture.Workstation.AssertOfficeAnswers();
        scene.AssertClusterAnswers();
        await held.AssertGoesOnAsync();

        var after = await scene.ChangeAsync(() => fixture.Vpn.DownAsync(), s => s.TranslatedSubnets.Length == 0);
        Assert.Empty(after.Conflicts);
        Assert.Equal([Pods, Services], after.Subnets.Order(StringComparer.Ordinal));
        await held.AssertGoesOnAsync();
        Assert.Equal(pod, scene.AddressOf("web-headless.demo"));
        scene.AssertClusterAnswers();

        // Another interface of the same name.
        var again = await scene.ChangeAsync(() => fixture.Vpn.UpAsync(), s => s.TranslatedSubnets.Length > 0);
        Assert.Equal([Pods], again.TranslatedSubnets);
        Assert.Equal(moved, scene.AddressOf("web-headless.demo"));
        fixture.Workstation.AssertOfficeAnswers();
        scene.AssertClusterAnswers();
        await held.AssertGoesOnAsync();

        await fixture.Vpn.DownAsync();
        await scene.EndAsync();
    }

    [SkippableFact]
    public async Task Allowed_and_never_proxied_subnets_stay_so_when_the_VPN_comes()
    {
        await using var scene = await StartWithoutVpnAsync(
            new SubnetSelection { AllowConflictingSubnet = [Pods], NeverProxy = ["10.42.9.0/24"] }
        );
        var pod = scene.AddressOf("web-headless.demo");
        scene.AssertClusterAnswersAt(pod, 8080);
        Assert.StartsWith("dev=lan0", scene.RouteTo(OpenVpnFixture.InPodsToo), StringComparison.Ordinal);

        var during = await scene.ChangeAsync(() => fixture.Vpn.UpAsync(), s => s.Conflicts.Length > 0);

        Assert.Empty(during.TranslatedSubnets);
        Assert.Equal(ConflictResolution.Allowed, Assert.Single(during.Conflicts).Resolution);
        scene.AssertGoesIntoTheCluster(pod, "10.42.8.255", "10.42.10.0");
        scene.AssertClusterAnswersAt(pod, 8080);
        Assert.Equal(OpenVpn.Route, scene.RouteTo(OpenVpnFixture.InPodsToo));
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.InPodsToo);
        fixture.Workstation.AssertOfficeAnswers();

        // A route in the way that even wins over what is allowed, were it in the same table.
        using (Added.Route(fixture.Workstation.Net, $"{pod}/32 via 10.8.0.5 dev tun0"))
            scene.AssertClusterAnswersAt(pod, 8080);

        var after = await scene.ChangeAsync(() => fixture.Vpn.DownAsync(), s => s.Conflicts.Length == 0);
        Assert.Empty(after.TranslatedSubnets);
        scene.AssertClusterAnswersAt(pod, 8080);
        await scene.EndAsync();
    }

    /// <summary>OpenVPN's two halves of a default route are no conflict, whenever they come.</summary>
    [SkippableFact]
    public async Task A_VPN_for_everything_leaves_the_cluster_what_is_the_clusters()
    {
        await using var scene = await StartWithoutVpnAsync(new SubnetSelection());
        await scene.ChangeAsync(
            () => fixture.Vpn.UpAsync("--redirect-gateway", "local", "def1"),
            s => s.TranslatedSubnets.Length > 0
        );
        Assert.Equal(
            [Pods],
            Assert.Single(await scene.Engine.Client.ListSessionsAsync(EngineProcess.Bound)).TranslatedSubnets
        );
        foreach (var half in (string[])["1.2.3.4", "172.28.0.1"])
            Assert.Equal(OpenVpn.Route, scene.RouteTo(half));
        scene.AssertClusterAnswers();
        fixture.Workstation.AssertOfficeAnswers();
        await scene.Engine.Client.DisconnectAsync(scene.Session.Name, EngineProcess.Bound);
        await scene.Engine.WaitForExitAsync();

        // And the other way round.
        await using var late = await VpnScene.ConnectAsync(fixture.Workstation, scene.Sandbox, new SubnetSelection());
        Assert.Equal([Pods], late.Session.TranslatedSubnets);
        Assert.Equal([Services], late.Session.Subnets);
        late.AssertClusterAnswers();
        fixture.Workstation.AssertOfficeAnswers();
        await late.EndAsync();
    }

    /// <summary>The way to the cluster leads through the VPN, which drops and comes back.</summary>
    [SkippableFact]
    public async Task A_cluster_behind_the_VPN_is_there_again_when_the_VPN_is()
    {
        await fixture.StartAsync();
        await fixture.Vpn.DownAsync();
        await fixture.Vpn.UpAsync();
        var sandbox = await SandboxProcess.StartAsync(
            fixture.Workstation,
            fixture.Office.Net,
            "--listen",
            $"{OpenVpnFixture.ApiServer}:0",
            "--service-subnet",
            OpenVpnFixture.Services
        );
        await using var scene = await VpnScene.ConnectAsync(
            fixture.Workstation,
            sandbox,
            new SubnetSelection { AllowConflictingSubnet = [OpenVpnFixture.Services] }
        );
        scene.AssertClusterAnswers();
        await scene.ChangeAsync(() => fixture.Vpn.DownAsync(), s => s.Conflicts.Length == 0);
        await scene.ChangeAsync(() => fixture.Vpn.UpAsync(), s => s.Conflicts.Length > 0);
        await scene.Engine.Client.WaitAsync(
            new WaitParameters(scene.Session.Name, SessionState.Connected),
            EngineProcess.Bound
        );
        scene.AssertClusterAnswers();
        Assert.Equal(OpenVpn.Route, scene.RouteTo(OpenVpnFixture.ApiServer));
        fixture.Workstation.AssertOfficeAnswers();
        await scene.Engine.Client.DisconnectAsync(scene.Session.Name, EngineProcess.Bound);
    }

    private async Task<VpnScene> StartWithoutVpnAsync(SubnetSelection subnets)
    {
        await fixture.StartAsync();
        await fixture.Vpn.DownAsync();
        var sandbox = await fixture.SandboxAsync(Services, Pods);
        return await VpnScene.ConnectAsync(fixture.Workstation, sandbox, subnets);
    }
}
