using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>Traffic that leaves from a workload's pod: the far side tells curl and Python which pod that was.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class ProxyViaTests(ProxyViaFixture fixture) : IClassFixture<ProxyViaFixture>
{
    private const string Services = "10.96.0.0/16";

    private Workstation Workstation => fixture.Workstation;

    [SkippableTheory]
    [InlineData("echo-a")]
    [InlineData("echo-set")]
    [InlineData("echo-bare")]
    [InlineData("echo-rollout")]
    public async Task A_workload_of_every_kind_is_where_traffic_leaves_from(string workload)
    {
        await using var connection = await fixture.ConnectAsync($"service={workload}");
        var (engine, session) = connection;
        Assert.Contains($"{Services}={workload}", session.ProxyVia);
        Assert.Contains(Peer("http://whoami.demo/peer"), fixture.PodAddresses(workload));
        // Without IPv4, too.
        if (SandboxProcess.ServiceFamilies.Contains(1))
            Assert.Contains(Peer("http://whoami.demo/peer", "-6"), fixture.PodAddresses(workload));
    }

    [SkippableFact]
    public async Task Each_subnet_leaves_from_its_own_workload()
    {
        await fixture.StartAsync();
        var whoami = fixture.Sandbox.Addresses("demo/whoami")[0];
        await using var connection = await fixture.ConnectAsync(
            "service=echo-a",
            "pods=echo-b",
            $"{whoami}/32=echo-set"
        );
        var (engine, session) = connection;
        var (web, pod) = ("http://web.demo/peer", "http://web-headless.demo:8080/peer");
        Assert.Contains(Peer(web, "-4"), fixture.PodAddresses("echo-a"));
        Assert.Contains(Peer(pod, "-4"), fixture.PodAddresses("echo-b"));
        Assert.Contains(Peer("http://whoami.demo/peer", "-4"), fixture.PodAddresses("echo-set"));

        // What we say of it is the same.
        var virtualWeb = Workstation.Dig("+short", "web.demo", "A");
        Assert.True(IPNetwork.Parse(session.VirtualSubnet).Contains(IPAddress.Parse(virtualWeb)));
        var shown = await engine.Client.ToClusterAsync(new AddressParameters([virtualWeb]), EngineProcess.Bound);
        Assert.Equal("echo-a", Assert.Single(shown).Via);
        var subnets = await engine.Client.SubnetsAsync(null, EngineProcess.Bound);
        Assert.Contains(subnets, s => s.Subnet == $"{whoami}/32" && s.Via == "echo-set");
        Assert.Contains(subnets, s => s.Kind == SubnetKind.Pod && s.Via == "echo-b");
    }

    [SkippableFact]
    public async Task All_leaves_from_it_and_UDP_too()
    {
        await using var connection = await fixture.ConnectAsync("all=echo-b");
        var (engine, session) = connection;
        Assert.Empty(session.Subnets);
        Assert.Contains(Peer("http://whoami.demo/peer"), fixture.PodAddresses("echo-b"));
        Assert.Contains(Peer("http://web-headless.demo:8080/peer"), fixture.PodAddresses("echo-b"));
        foreach (var type in SandboxProcess.ServiceFamilies.Select(family => family == 0 ? "A" : "AAAA"))
        {
            var echo = Workstation.Dig("+short", "udp-echo.demo", type);
            Assert.Equal(
                ["1 True", "1400 True", "40000 True"],
                Workstation.RunPython(PythonScripts.UdpEcho, echo, "7", "1", "1400", "40000").Split('\n')
            );
            var connections = await engine.Client.ConnectionsAsync(null, EngineProcess.Bound);
            var udp = Assert.Single(connections, c => c.Protocol == TransportProtocol.Udp && c.RemoteAddress == echo);
            Assert.Equal("echo-b", udp.Via);
        }
    }

    [SkippableFact]
    public async Task A_loopback_address_of_the_mesh_is_the_chosen_pods_own()
    {
        foreach (var (workload, isThere) in ((string, bool)[])[("echo-a", true), ("echo-b", false)])
        {
            await using var connection = await fixture.ConnectAsync($"127.0.0.0/8={workload}");
            var (engine, session) = connection;
            var mesh = Workstation.Dig("+short", "mesh.demo", "A");
            Assert.True(IPNetwork.Parse(session.VirtualSubnet).Contains(IPAddress.Parse(mesh)), mesh);
            if (isThere)
                Assert.Contains(Peer("http://mesh.demo/peer"), fixture.PodAddresses(workload));
            Refusal outcome = Refusal.Read(Workstation.RunPython(PythonScripts.Connect, mesh, "5000"));
            if (isThere)
                Assert.Equal("OK", outcome.Error);
            else
                outcome.AssertRefusedBeforeTimeout();
            // The workstation's own loop-back stays what it is.
            Assert.Contains("dev=lo", Workstation.RouteTo("127.0.0.6"), StringComparison.Ordinal);
            Assert.Equal("127.0.0.1", Workstation.Dig("+short", "localhost", "A"));
        }
    }

    [SkippableFact]
    public async Task A_workload_that_is_not_there_leaves_nothing_behind()
    {
        await fixture.StartAsync();
        await LeavesNothingAsync(ErrorId.WorkloadNotFound, "service=nothing");
    }

    [SkippableFact]
    public async Task Nor_do_links_that_the_configuration_forbids()
    {
        await fixture.StartAsync();
        var folder = Directory.CreateDirectory(Path.Combine(Workstation.Home, ".config", "telepresence"));
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "config.yml"), "cluster:\n  agentPortForward: false\n");
            await LeavesNothingAsync(ErrorId.AgentLinksUnavailable, "all=echo-a");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private string Peer(string url, params string[] options) => Workstation.Curl(url, options).Trim();

    private async Task LeavesNothingAsync(ErrorId expected, string proxyVia)
    {
        var before = Workstation.NetworkState();
        var engine = await EngineProcess.StartAsync(Workstation);
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            engine.ConnectAsync(
                fixture.Sandbox,
                new SubnetSelection { ProxyVia = [proxyVia] },
                space: ProxyViaFixture.Namespace
            )
        );
        Assert.True(error.Is(expected), error.Message);
        Assert.Equal(before, Workstation.NetworkState());
        await engine.EndAsync();
    }
}
