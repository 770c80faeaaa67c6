using Telepresence.Client.Contract;
using Telepresence.Client.Launch;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;
using Telepresence.Sandbox.Demo.Driving;

namespace Telepresence.E2ETests.Vpn;

/// <summary>
/// The example of the VPN document: the VPN routes 100.124.0.0/16, the cluster's services are there too, and
/// Find-TelepresenceRoute 100.124.150.45 tells whose the address is.
/// </summary>
[Collection(OneAfterAnother.Name)]
public sealed class VpnDocumentTests(OpenVpnFixture fixture) : IClassFixture<OpenVpnFixture>
{
    private const string Asked = "100.124.150.45";
    private const string Whole = "100.124.0.0/16";
    private const string Part = "100.124.150.0/24";

    [SkippableTheory]
    [InlineData(Part, Part)]
    [InlineData(Whole, Whole)]
    [InlineData(Part, "100.124.128.0/17")]
    public async Task An_allowed_subnet_is_the_VPNs_before_and_the_clusters_while_connected(
        string services,
        string allowed
    )
    {
        await using var scene = await StartAsync(services);
        var before = await scene.FindAsync(Asked);
        Assert.Equal(("tun0", "10.8.0.5", Whole), (before.InterfaceAlias, before.NextHop, before.DestinationPrefix));
        Assert.False(before.IsTelepresence);
        AssertIsTheVpns(Asked);

        await scene.ConnectAsync(new SubnetSelection { AllowConflictingSubnet = [allowed] });

        Assert.Empty(scene.Session.TranslatedSubnets);
        var during = await scene.FindAsync(Asked);
        Assert.Equal((scene.Session.InterfaceAlias, services), (during.InterfaceAlias, during.DestinationPrefix));
        Assert.True(during.IsTelepresence);
        Assert.Equal((RouteDisposition.Proxied, Asked), (during.Disposition, during.ClusterAddress));
        Assert.Contains(during.Candidates, c => c is { DestinationPrefix: Whole, InterfaceAlias: "tun0" });
        scene.AssertGoesIntoTheCluster(Asked);
        var web = scene.Sandbox.Addresses("demo/web")[0];
        Assert.Equal(web, scene.AddressOf("web.demo"));
        scene.AssertClusterAnswersAt(web);
        fixture.Workstation.AssertOfficeAnswers();
        if (services == Part)
            AssertIsTheVpns(OpenVpnFixture.InWholeOnly);

        await scene.EndAsync();
        AssertIsTheVpns(Asked);
    }

    /// <summary>Translated on request, by default, and where what is allowed does not cover the subnet.</summary>
    [SkippableTheory]
    [InlineData(Whole, null)]
    [InlineData(null, null)]
    [InlineData(null, Part)]
    public async Task A_translated_subnet_stays_the_VPNs_and_answers_under_virtual_addresses(
        string? vnat,
        string? allowed
    )
    {
        await using var scene = await StartAsync(Whole);
        await scene.ConnectAsync(
            new SubnetSelection
            {
                Vnat = vnat is null ? [] : [vnat],
                AllowConflictingSubnet = allowed is null ? [] : [allowed],
            }
        );

        Assert.Equal([Whole], scene.Session.TranslatedSubnets);
        var during = await scene.FindAsync(Asked);
        Assert.Equal(("tun0", "10.8.0.5"), (during.InterfaceAlias, during.NextHop));
        Assert.False(during.IsTelepresence);
        AssertIsTheVpns(Asked);

        var web = scene.AddressOf("web.demo");
        var found = await scene.FindAsync(web);
        Assert.Equal(
            (scene.Session.InterfaceAlias, RouteDisposition.Translated, scene.Sandbox.Addresses("demo/web")[0]),
            (found.InterfaceAlias, found.Disposition, found.ClusterAddress)
        );
        scene.AssertClusterAnswersAt(web);
        await scene.EndAsync();
    }

    [SkippableFact]
    public async Task The_cmdlet_shows_it_to_a_user()
    {
        await using var scene = await StartAsync(Part, "pwsh");
        Assert.Equal("tun0 10.8.0.5 False", FindWithCmdlet(scene));
        await scene.ConnectAsync(new SubnetSelection { AllowConflictingSubnet = [Part] });
        Assert.Equal($"{scene.Session.InterfaceAlias} 0.0.0.0 True", FindWithCmdlet(scene));
        await scene.EndAsync();
    }

    private async Task<VpnScene> StartAsync(string services, params string[] needs)
    {
        await fixture.StartAsync(needs);
        return await VpnScene.StartAsync(fixture.Workstation, await fixture.SandboxAsync(services));
    }

    private void AssertIsTheVpns(string address)
    {
        Assert.Equal(OpenVpn.Route, fixture.Workstation.RouteTo(address));
        fixture.Workstation.AssertOfficeAnswersAt(address);
    }

    private string FindWithCmdlet(VpnScene scene) =>
        fixture
            .Workstation.Run(
                "env",
                $"HOME={fixture.Workstation.Home}",
                $"{RuntimeDirectory.OverrideVariable}={scene.Engine.Endpoint.Directory}",
                "pwsh",
                "-NoProfile",
                "-NonInteractive",
                "-Command",
                $"$ErrorActionPreference = 'Stop'; Import-Module '{BuiltModule.Locate()}'; "
                    + $"Find-TelepresenceRoute {Asked} | ForEach-Object {{ "
                    + "\"$($_.InterfaceAlias) $($_.NextHop) $($_.IsTelepresence)\" }"
            )
            .Require()
            .Trim();
}
