using Telepresence.Client.Contract;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>Which of -AlsoProxy and -NeverProxy wins where, while a VPN and a second network card have routes too.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class NeverProxyTests(OpenVpnFixture fixture) : IClassFixture<OpenVpnFixture>
{
    private const string SecondCard = $"dev=nic1 gateway={Office.SecondGateway} prefsrc=198.18.7.2";

    [SkippableFact]
    public async Task What_is_never_proxied_keeps_interface_and_gateway_of_the_VPN()
    {
        await fixture.StartAsync();
        await using var scene = await VpnScene.ConnectAsync(
            fixture.Workstation,
            fixture.Sandbox,
            new SubnetSelection
            {
                AllowConflictingSubnet = [OpenVpnFixture.Services, OpenVpnFixture.Services6],
                NeverProxy = ["10.43.9.0/24", $"{OpenVpnFixture.Colliding6}/128"],
            }
        );

        Assert.Empty(scene.Session.TranslatedSubnets);
        scene.AssertGoesIntoTheCluster("10.43.8.255", "10.43.10.0", "fd00:10:96::908", "fd00:10:96::90a");
        foreach (var address in (string[])["10.43.9.0", OpenVpnFixture.Colliding, "10.43.9.255"])
            Assert.Equal(OpenVpn.Route, scene.RouteTo(address));
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.Colliding);
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.Colliding6);
        foreach (var address in fixture.Sandbox.Addresses("demo/web"))
            scene.AssertClusterAnswersAt(address);
        await scene.EndAsync();
    }

    [SkippableTheory]
    [InlineData("172.30.0.0/16 via 198.18.7.1 dev nic1", "172.30.0.0/16")]
    [InlineData("172.30.77.0/24 via 198.18.7.1 dev nic1", "172.30.0.0/16")]
    [InlineData("172.16.0.0/12 via 198.18.7.1 dev nic1", "172.16.0.0/12")]
    [InlineData("default via 198.18.7.1 dev nic1", "")]
    public async Task What_is_never_proxied_keeps_interface_and_gateway_of_a_second_card(string route, string allowed)
    {
        await fixture.StartAsync();
        using var added = Added.Route(fixture.Workstation.Net, route);
        await using var scene = await VpnScene.ConnectAsync(
            fixture.Workstation,
            fixture.Sandbox,
            new SubnetSelection
            {
                AllowConflictingSubnet = allowed.Length > 0 ? [allowed] : [],
                NeverProxy = ["172.30.77.0/24"],
            }
        );

        Assert.Contains(OpenVpnFixture.Pods, scene.Session.Subnets);
        Assert.Equal(SecondCard, scene.RouteTo(OpenVpnFixture.BehindSecondCard));
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.BehindSecondCard);
        scene.AssertGoesIntoTheCluster("172.30.76.255", "172.30.78.0");
        scene.AssertClusterAnswers();
        await scene.EndAsync();
    }

    /// <summary>The longest prefix decides, in both nestings.</summary>
    [SkippableFact]
    public async Task Also_and_never_proxied_subnets_lie_in_each_other()
    {
        await fixture.StartAsync();
        using var added = Added.Route(fixture.Workstation.Net, $"198.51.0.0/16 via {Office.SecondGateway} dev nic1");
        await using var scene = await VpnScene.ConnectAsync(
            fixture.Workstation,
            fixture.Sandbox,
            new SubnetSelection
            {
                AlsoProxy = ["198.51.100.0/24", "198.51.100.80/28", "198.51.7.0/24"],
                NeverProxy = ["198.51.100.64/26", "198.51.0.0/20", "172.30.0.0/15"],
                AllowConflictingSubnet = ["198.51.0.0/16"],
            }
        );

        // also ⊃ never ⊃ also.
        scene.AssertGoesIntoTheCluster("198.51.100.63", "198.51.100.80", "198.51.100.95", "198.51.100.128");
        foreach (var never in (string[])["198.51.100.64", "198.51.100.79", "198.51.100.96", "198.51.100.127"])
            Assert.Equal(SecondCard, scene.RouteTo(never));
        // never ⊃ also.
        scene.AssertGoesIntoTheCluster("198.51.7.0", "198.51.7.255");
        foreach (var never in (string[])["198.51.6.255", "198.51.8.0"])
            Assert.Equal(SecondCard, scene.RouteTo(never));
        // never ⊃ the cluster's own.
        Assert.DoesNotContain(OpenVpnFixture.Pods, scene.Session.Subnets);
        Assert.StartsWith("dev=lan0", scene.RouteTo("172.30.0.5"), StringComparison.Ordinal);
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.Public);
        scene.AssertClusterAnswersAt("web.demo");
        await scene.EndAsync();
    }

    /// <summary>The API server is behind the VPN, and its address is one of those that go into the cluster.</summary>
    [SkippableTheory]
    [InlineData("10.43.0.0/16", "10.43.0.0/16", "")]
    [InlineData("10.96.0.0/16", "10.43.0.0/16", "10.43.0.0/16")]
    [InlineData("10.96.0.0/16", "10.43.77.7/32", "10.43.77.7")]
    public async Task The_API_server_is_never_proxied(string services, string allowed, string also)
    {
        await fixture.StartAsync();
        var sandbox = await SandboxProcess.StartAsync(
            fixture.Workstation,
            fixture.Office.Net,
            "--listen",
            $"{OpenVpnFixture.ApiServer}:0",
            "--service-subnet",
            services
        );
        await using var scene = await VpnScene.ConnectAsync(
            fixture.Workstation,
            sandbox,
            new SubnetSelection { AllowConflictingSubnet = [allowed], AlsoProxy = also.Length > 0 ? [also] : [] }
        );

        Assert.Equal(OpenVpn.Route, scene.RouteTo(OpenVpnFixture.ApiServer));
        if (allowed != $"{OpenVpnFixture.ApiServer}/32")
            scene.AssertGoesIntoTheCluster("10.43.77.6", "10.43.77.8");
        scene.AssertClusterAnswers();
        fixture.Workstation.AssertOfficeAnswers();
        await scene.EndAsync();
    }
}
