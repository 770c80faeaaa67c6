using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>Every way to deal with a real VPN that is in the cluster's way (DESIGN §5), seen by curl, dig and ip.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class OpenVpnTests(OpenVpnFixture fixture) : IClassFixture<OpenVpnFixture>
{
    private const string Also = "198.51.100.0/24";

    [SkippableFact]
    public async Task By_default_what_collides_is_translated_and_the_rest_is_routed_as_it_is()
    {
        await using var scene = await ConnectAsync(new SubnetSelection());

        Assert.Equal([OpenVpnFixture.Services, OpenVpnFixture.Services6], Sorted(scene.Session.TranslatedSubnets));
        Assert.Equal([OpenVpnFixture.Pods, OpenVpnFixture.Pods6], Sorted(scene.Session.Subnets));
        foreach (var type in (string[])["A", "AAAA"])
        {
            var web = scene.AddressOf("web.demo", type);
            Assert.DoesNotContain(web, fixture.Sandbox.Addresses("demo/web"));
            scene.AssertGoesIntoTheCluster(web);
            scene.AssertClusterAnswersAt(web);
            var pod = scene.AddressOf("web-headless.demo", type);
            Assert.Contains(
                (string[])[OpenVpnFixture.Pods, OpenVpnFixture.Pods6],
                subnet => IPNetwork.Parse(subnet).Contains(IPAddress.Parse(pod))
            );
            scene.AssertClusterAnswersAt(pod, 8080);
        }
        foreach (var address in (string[])[OpenVpnFixture.Colliding, fixture.Sandbox.Addresses("demo/web")[0]])
            Assert.Equal(OpenVpn.Route, scene.RouteTo(address));
        AssertVpnIsWhole();
        await scene.EndAsync();
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("10.43.0.0/24 via 10.8.0.5 dev tun0")]
    [InlineData("10.43.0.0/16 via 10.8.0.5 dev tun0")]
    public async Task An_allowed_conflict_wins_and_the_rest_of_the_VPN_stays(string vpnRoute)
    {
        await fixture.StartAsync();
        using var added = vpnRoute.Length > 0 ? Added.Route(fixture.Workstation.Net, vpnRoute) : null;
        await using var scene = await ConnectAsync(new SubnetSelection { AllowConflictingSubnet = ["10.43.0.0/16"] });

        Assert.Equal([OpenVpnFixture.Services6], scene.Session.TranslatedSubnets);
        Assert.Equal([OpenVpnFixture.Services], scene.Session.AllowConflictingSubnet);
        var web = fixture.Sandbox.Addresses("demo/web")[0];
        Assert.Equal(web, scene.AddressOf("web.demo"));
        scene.AssertGoesIntoTheCluster(web, "10.43.0.1", "10.43.255.254", OpenVpnFixture.Colliding);
        scene.AssertClusterAnswersAt(web);
        foreach (var address in (string[])["10.42.255.254", "10.44.0.0"])
            Assert.Equal(OpenVpn.Route, scene.RouteTo(address));
        fixture.Workstation.AssertOfficeAnswers();
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.Near);
        fixture.Workstation.AssertOfficeAnswersAt(OpenVpnFixture.Colliding6);
        await scene.EndAsync();
        AssertVpnIsWhole();
    }

    [SkippableFact]
    public async Task Allowing_every_conflict_leaves_nothing_to_translate()
    {
        await using var scene = await ConnectAsync(
            new SubnetSelection { AllowConflictingSubnet = ["10.0.0.0/8", "fd00::/8"] }
        );

        Assert.Empty(scene.Session.TranslatedSubnets);
        Assert.Empty(scene.Session.VirtualSubnet);
        Assert.Equal(fixture.Sandbox.Addresses("demo/web")[0], scene.AddressOf("web.demo"));
        Assert.Equal(fixture.Sandbox.Addresses("demo/web")[1], scene.AddressOf("web.demo", "AAAA"));
        foreach (var address in fixture.Sandbox.Addresses("demo/web"))
        {
            scene.AssertGoesIntoTheCluster(address);
            scene.AssertClusterAnswersAt(address);
        }
        scene.AssertGoesIntoTheCluster(OpenVpnFixture.Colliding6);
        fixture.Workstation.AssertOfficeAnswers();
        fixture.Workstation.AssertOfficeAnswersAt(Office.Intranet6);
        await scene.EndAsync();
    }

    [SkippableFact]
    public async Task Without_automatic_resolution_the_conflict_is_named_and_nothing_is_changed()
    {
        await fixture.StartAsync();

        var error = await VpnScene.RefusedAsync(
            fixture.Workstation,
            fixture.Sandbox,
            new SubnetSelection { AutoResolveConflicts = false }
        );

        Assert.Equal(nameof(ErrorId.SubnetConflict), error.Id);
        Assert.StartsWith(
            "subnet 10.43.0.0/16 overlaps with existing route \"10.0.0.0/8 via 10.8.0.6 dev tun0, gw 10.8.0.5\"",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("-Vnat", error.Message, StringComparison.Ordinal);
        Assert.Contains("-AllowConflictingSubnet", error.Message, StringComparison.Ordinal);
        AssertVpnIsWhole();
    }

    /// <summary>A CIDR that covers, equals or splits a subnet, the symbols, several of them.</summary>
    [SkippableTheory]
    [InlineData("10.42.0.0/15", "10.43.0.0/16 fd00:10:96::/112", "172.30.0.0/16 fd00:30::/64 198.51.100.0/24")]
    [InlineData("172.30.0.0/16", "10.43.0.0/16 172.30.0.0/16 fd00:10:96::/112", "fd00:30::/64 198.51.100.0/24")]
    [InlineData(
        "172.30.0.0/17",
        "10.43.0.0/16 172.30.0.0/17 fd00:10:96::/112",
        "172.30.128.0/17 fd00:30::/64 198.51.100.0/24"
    )]
    [InlineData("service", "10.43.0.0/16 fd00:10:96::/112", "172.30.0.0/16 fd00:30::/64 198.51.100.0/24")]
    [InlineData("pods", "10.43.0.0/16 172.30.0.0/16 fd00:10:96::/112 fd00:30::/64", "198.51.100.0/24")]
    [InlineData("also", "10.43.0.0/16 198.51.100.0/24 fd00:10:96::/112", "172.30.0.0/16 fd00:30::/64")]
    [InlineData("all", "10.43.0.0/16 172.30.0.0/16 198.51.100.0/24 fd00:10:96::/112 fd00:30::/64", "")]
    [InlineData(
        "also 172.30.0.0/18 172.30.128.0/18 fd00:30::/64",
        "10.43.0.0/16 172.30.0.0/18 172.30.128.0/18 198.51.100.0/24 fd00:10:96::/112 fd00:30::/64",
        "172.30.64.0/18 172.30.192.0/18"
    )]
    public async Task Vnat_translates_what_it_names(string vnat, string translated, string routed)
    {
        await using var scene = await ConnectAsync(new SubnetSelection { Vnat = vnat.Split(' '), AlsoProxy = [Also] });

        Assert.Equal(Sorted(Words(translated)), Sorted(scene.Session.TranslatedSubnets));
        Assert.Equal(Sorted(Words(routed)), Sorted(scene.Session.Subnets));
        scene.AssertGoesIntoTheCluster([.. Words(routed).Select(AddressIn)]);
        foreach (var subnet in Words(translated))
            Assert.DoesNotContain(scene.Device, scene.RouteTo(AddressIn(subnet)), StringComparison.Ordinal);
        foreach (var (name, port) in ((string, int)[])[("web.demo", 80), ("web-headless.demo", 8080)])
        {
            foreach (var type in (string[])["A", "AAAA"])
            {
                var address = scene.AddressOf(name, type);
                scene.AssertGoesIntoTheCluster(address);
                Assert.DoesNotContain(
                    Words(translated),
                    subnet => IPNetwork.Parse(subnet).Contains(IPAddress.Parse(address))
                );
                scene.AssertClusterAnswersAt(address, port);
            }
        }
        AssertVpnIsWhole();
        await scene.EndAsync();
    }

    [SkippableTheory]
    [InlineData("10.43.0.0/16 10.43.5.0/24", nameof(ErrorId.OverlappingTranslation))]
    [InlineData("10.43.5.0/24 service 10.0.0.0/8", nameof(ErrorId.OverlappingTranslation))]
    [InlineData("service service", nameof(ErrorId.DuplicateSubnet))]
    [InlineData("10.43.5.1/24", nameof(ErrorId.InvalidCidr))]
    public async Task Vnat_requests_that_cannot_be_are_refused_before_anything_is_changed(string vnat, string id)
    {
        await fixture.StartAsync();

        var error = await VpnScene.RefusedAsync(
            fixture.Workstation,
            fixture.Sandbox,
            new SubnetSelection { Vnat = vnat.Split(' ') }
        );

        Assert.Equal(id, error.Id);
    }

    /// <summary>Both are translated, each into virtual addresses of its own, and found by its own names.</summary>
    [SkippableFact]
    public async Task Two_clusters_with_the_same_subnets_stand_beside_the_VPN()
    {
        await fixture.StartAsync();
        var before = fixture.Workstation.NetworkState();
        SandboxProcess[] sandboxes =
        [
            await fixture.SandboxAsync(OpenVpnFixture.Services),
            await fixture.SandboxAsync(OpenVpnFixture.Services, number: 2),
        ];
        Assert.Equal(sandboxes[0].Addresses("demo/web"), sandboxes[1].Addresses("demo/web"));
        await using var scene = await VpnScene.StartAsync(fixture.Workstation, sandboxes[0]);
        var one = await scene.Engine.ConnectAsync(sandboxes[0], name: "one");
        var two = await scene.Engine.ConnectAsync(sandboxes[1], name: "two");

        Assert.Equal([OpenVpnFixture.Services], one.TranslatedSubnets);
        Assert.Equal([OpenVpnFixture.Services, OpenVpnFixture.Pods], Sorted(two.TranslatedSubnets));
        Assert.False(IPNetwork.Parse(one.VirtualSubnet).Contains(IPNetwork.Parse(two.VirtualSubnet).BaseAddress));
        Assert.False(IPNetwork.Parse(two.VirtualSubnet).Contains(IPNetwork.Parse(one.VirtualSubnet).BaseAddress));
        foreach (
            var (sandbox, session) in ((SandboxProcess, TelepresenceSession)[])
                [(sandboxes[0], one), (sandboxes[1], two)]
        )
        {
            var address = scene.AddressOf($"web.demo.svc.{session.Name}");
            Assert.True(IPNetwork.Parse(session.VirtualSubnet).Contains(IPAddress.Parse(address)));
            Assert.StartsWith($"dev={session.InterfaceAlias}", scene.RouteTo(address), StringComparison.Ordinal);
            Assert.Contains(
                sandbox.PageToken,
                fixture.Workstation.Curl($"http://web.demo.svc.{session.Name}/"),
                StringComparison.Ordinal
            );
        }
        AssertVpnIsWhole();

        // The pods' subnet is free for the one that stays.
        await scene.Engine.Client.DisconnectAsync("one", EngineProcess.Bound);
        Assert.Contains(sandboxes[1].PageToken, fixture.Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        await scene.Engine.Client.DisconnectAsync("two", EngineProcess.Bound);
        await scene.Engine.WaitForExitAsync();
        Assert.Equal(before, fixture.Workstation.NetworkState());
    }

    private async Task<VpnScene> ConnectAsync(SubnetSelection subnets)
    {
        await fixture.StartAsync();
        return await VpnScene.ConnectAsync(fixture.Workstation, fixture.Sandbox, subnets);
    }

    private void AssertVpnIsWhole()
    {
        fixture.Workstation.AssertOfficeAnswers();
        foreach (
            var host in (string[])
                [OpenVpnFixture.Colliding, OpenVpnFixture.Colliding6, OpenVpnFixture.Near, OpenVpnFixture.InWholeOnly]
        )
            fixture.Workstation.AssertOfficeAnswersAt(host);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Sorted(IEnumerable<string> subnets) => [.. subnets.Order(StringComparer.Ordinal)];

    private static string AddressIn(string subnet)
    {
        var bytes = IPNetwork.Parse(subnet).BaseAddress.GetAddressBytes();
        bytes[^1] += 77;
        return new IPAddress(bytes).ToString();
    }
}
