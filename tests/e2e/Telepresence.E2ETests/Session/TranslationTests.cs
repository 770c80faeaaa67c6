using System.Net;
using Telepresence.Client.Contract;

namespace Telepresence.E2ETests.Session;

/// <summary>What is translated, routed as it is, or left alone, seen by curl, dig and the kernel's route look-up.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class TranslationTests
{
    private const string ServiceSubnet = "10.96.0.0/16";
    private const string PodSubnet = "10.244.0.0/16";

    [SkippableFact]
    public async Task All_translates_everything_and_keeps_the_rest_of_each_address()
    {
        SandboxProcess.RequireServiceFamily(1);
        await using var scene = await SceneAsync(new SubnetSelection { Vnat = ["all"] }, "--dual-stack");
        foreach (var (service, port) in ((string, int)[])[("web", 80), ("web-headless", 8080)])
        {
            foreach (var type in (string[])["A", "AAAA"])
            {
                var address = scene.Workstation.Dig("+short", $"{service}.demo", type).Split('\n')[0];
                var real = await RealAsync(scene, address);
                Assert.NotEqual(real, address);
                Assert.Equal(Tail(real, type), Tail(address, type));
                var host = type == "A" ? address : $"[{address}]";
                Assert.Contains(
                    scene.Sandbox.PageToken,
                    scene.Workstation.Curl($"http://{host}:{port}/", "-g"),
                    StringComparison.Ordinal
                );
            }
        }
        // Real addresses stay what they are without us.
        Assert.DoesNotContain(
            "dev=tel",
            scene.Workstation.RouteTo(scene.Sandbox.Addresses("demo/web")[0]),
            StringComparison.Ordinal
        );
        // Other records tell names, and those lead to virtual addresses again.
        var virtualWeb = scene.Workstation.Dig("+short", "web.demo", "A");
        Assert.Equal("web.demo.svc.cluster.local.", scene.Workstation.Dig("+short", "-x", virtualWeb));

        // Prefix-preserving: services share a /16, so what follows it is the same.
        static string Tail(string address, string type) =>
            Convert.ToHexString(IPAddress.Parse(address).GetAddressBytes().AsSpan(type == "A" ? 2 : 14));
    }

    [SkippableTheory]
    [InlineData("service", ServiceSubnet, PodSubnet)]
    [InlineData("pods", PodSubnet, ServiceSubnet)]
    [InlineData(ServiceSubnet, ServiceSubnet, PodSubnet)]
    public async Task A_symbol_or_CIDR_translates_only_that(string vnat, string translated, string left)
    {
        await using var scene = await SceneAsync(new SubnetSelection { Vnat = [vnat] });
        Assert.Equal([translated], scene.Session.TranslatedSubnets);
        Assert.Equal([left], scene.Session.Subnets);
        var service = scene.Workstation.Dig("+short", "web.demo", "A");
        var pod = scene.Workstation.Dig("+short", "web-headless.demo", "A").Split('\n')[0];
        Assert.Equal(translated != ServiceSubnet, IPNetwork.Parse(ServiceSubnet).Contains(IPAddress.Parse(service)));
        Assert.Equal(translated != PodSubnet, IPNetwork.Parse(PodSubnet).Contains(IPAddress.Parse(pod)));
        foreach (var url in (string[])[$"http://{service}/", $"http://{pod}:8080/"])
            Assert.Contains(scene.Sandbox.PageToken, scene.Workstation.Curl(url), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("10.96.0.0/12")]
    [InlineData("10.96.64.0/18")]
    public async Task A_VPN_in_the_way_gets_only_that_subnet_translated(string vpn)
    {
        await using var scene = await SceneAsync(new SubnetSelection(), vpn: vpn);
        Assert.Equal([ServiceSubnet], scene.Session.TranslatedSubnets);
        Assert.Equal([PodSubnet], scene.Session.Subnets);
        var inVpn = IPNetwork.Parse(vpn).BaseAddress.ToString();
        Assert.Contains("dev=vpn0", scene.Workstation.RouteTo(inVpn), StringComparison.Ordinal);
        Assert.Contains(scene.Sandbox.PageToken, scene.Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("10.96.0.0/12")]
    [InlineData("10.96.0.0/24")]
    public async Task An_allowed_conflict_wins_over_the_VPN_even_where_its_route_is_more_specific(string vpn)
    {
        await using var scene = await SceneAsync(
            new SubnetSelection { AllowConflictingSubnet = [ServiceSubnet] },
            vpn: vpn
        );
        Assert.Empty(scene.Session.TranslatedSubnets);
        var web = scene.Sandbox.Addresses("demo/web")[0];
        Assert.Equal(web, scene.Workstation.Dig("+short", "web.demo", "A"));
        Assert.Contains(
            $"dev={scene.Session.InterfaceAlias}",
            scene.Workstation.RouteTo(web),
            StringComparison.Ordinal
        );
        Assert.Contains(scene.Sandbox.PageToken, scene.Workstation.Curl($"http://{web}/"), StringComparison.Ordinal);
        await scene.Engine.Client.DisconnectAsync(scene.Session.Name, EngineProcess.Bound);
        Assert.Contains("dev=vpn0", scene.Workstation.RouteTo("10.96.0.9"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Never_proxied_keeps_its_way_and_also_proxied_takes_the_tunnel()
    {
        await using var scene = await SceneAsync(
            new SubnetSelection { NeverProxy = ["10.244.7.0/24"], AlsoProxy = ["198.51.100.0/24"] },
            vpn: "10.240.0.0/12",
            allow: PodSubnet
        );
        var device = $"dev={scene.Session.InterfaceAlias}";
        Assert.Contains("dev=vpn0", scene.Workstation.RouteTo("10.244.7.1"), StringComparison.Ordinal);
        Assert.Contains("dev=vpn0", scene.Workstation.RouteTo("10.244.7.254"), StringComparison.Ordinal);
        Assert.Contains(device, scene.Workstation.RouteTo("10.244.6.255"), StringComparison.Ordinal);
        Assert.Contains(device, scene.Workstation.RouteTo("10.244.8.0"), StringComparison.Ordinal);
        Assert.Contains(device, scene.Workstation.RouteTo("198.51.100.7"), StringComparison.Ordinal);
        // The far side says that nobody is there: the packets did go the cluster's way.
        Refusal
            .Read(scene.Workstation.RunPython(PythonScripts.Connect, "198.51.100.7", "80"))
            .AssertRefusedBeforeTimeout();
    }

    [SkippableFact]
    public async Task When_no_virtual_address_is_left_a_name_fails_and_the_session_says_what_to_do()
    {
        await using var scene = await SceneAsync(
            new SubnetSelection { Vnat = ["service"], VirtualSubnet = "246.9.0.0/29" }
        );
        var answers = ((string[])["web", "echo", "tcp-echo", "udp-echo", "bulk"]).Select(name =>
            (
                Status: Status(scene.Workstation.Dig($"{name}.demo", "A")),
                scene.Workstation.Dig("+short", $"{name}.demo", "A")
            )
        );
        var given = answers.ToList();
        // Of the eight the first four and the last are not handed out.
        Assert.Equal(["NOERROR", "NOERROR", "NOERROR", "SERVFAIL", "SERVFAIL"], given.Select(a => a.Status));
        Assert.Equal(
            ["246.9.0.4", "246.9.0.5", "246.9.0.6"],
            given.Take(3).Select(a => a.Item2).Order(StringComparer.Ordinal)
        );
        var session = Assert.Single(await scene.Engine.Client.ListSessionsAsync(EngineProcess.Bound));
        Assert.Equal("VirtualSubnetExhausted", session.LastErrorId);
        Assert.Contains("-VirtualSubnet", session.LastError, StringComparison.Ordinal);
        Assert.Contains(scene.Sandbox.PageToken, scene.Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);

        static string Status(string answer) =>
            System.Text.RegularExpressions.Regex.Match(answer, "status: ([A-Z]+)").Groups[1].Value;
    }

    [SkippableFact]
    public async Task An_address_that_stands_for_nothing_is_unreachable_at_once()
    {
        await using var scene = await SceneAsync(new SubnetSelection { Vnat = ["service"] });
        var virtualSubnet = IPNetwork.Parse(scene.Session.VirtualSubnet);
        var bytes = virtualSubnet.BaseAddress.GetAddressBytes();
        (bytes[^2], bytes[^1]) = (255, 253);
        bytes[1] |= 0x3f;
        var outcome = Refusal.Read(
            scene.Workstation.RunPython(PythonScripts.Connect, new IPAddress(bytes).ToString(), "80")
        );
        Assert.Contains(outcome.Error, (string[])["EHOSTUNREACH", "ENETUNREACH", "ECONNREFUSED"]);
    }

    private static async Task<string> RealAsync(Scene scene, string address) =>
        Assert
            .Single(await scene.Engine.Client.ToClusterAsync(new AddressParameters([address]), EngineProcess.Bound))
            .ClusterAddress;

    /// <param name="vpn">Routed to a VPN's interface before the engine starts.</param>
    private static async Task<Scene> SceneAsync(
        SubnetSelection subnets,
        string? sandboxOption = null,
        string? vpn = null,
        string? allow = null
    )
    {
        Workstation.RequireTools();
        var workstation = await Workstation.StartAsync();
        try
        {
            workstation.Net.AddInterface("vpn0", "172.20.0.1/16");
            if (vpn is not null)
                workstation.Net.Ip($"route add {vpn} dev vpn0");
            if (allow is not null)
                subnets = subnets with { AllowConflictingSubnet = [allow] };
            var sandbox = await SandboxProcess.StartAsync(workstation, sandboxOption is null ? [] : [sandboxOption]);
            var engine = await EngineProcess.StartAsync(workstation);
            return new Scene(workstation, sandbox, engine, await engine.ConnectAsync(sandbox, subnets));
        }
        catch
        {
            await workstation.DisposeAsync();
            throw;
        }
    }
}
