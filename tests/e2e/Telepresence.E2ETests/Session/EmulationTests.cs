using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.E2ETests.Session;

/// <summary>What a session is for, against the traffic-managers and agents of several upstream releases.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class EmulationTests
{
    private const string Workload = "echo-a";

    [SkippableTheory]
    [InlineData("2.20", "v2.20.2", "Ignored")]
    [InlineData("2.22", "v2.22.4", "Ignored")]
    [InlineData("2.25", "v2.25.0", "Ignored")]
    [InlineData("2.31", "v2.31.0", "Permissive")]
    [InlineData("2.31", "v2.31.0", "Enforcing")]
    public async Task Services_pods_and_names_are_reached_and_nothing_is_left(
        string release,
        string version,
        string tokens
    )
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await StartAsync(workstation, release, tokens);
        var before = workstation.NetworkState();
        var engine = await EngineProcess.StartAsync(workstation);
        var session = await engine.ConnectAsync(sandbox);
        Assert.Equal(version, session.ManagerVersion);
        Assert.Equal(["10.244.0.0/16", "10.96.0.0/16"], session.Subnets.Order(StringComparer.Ordinal));

        var web = sandbox.Addresses("demo/web")[0];
        Assert.Equal(web, workstation.Dig("+short", "web.demo", "A"));
        foreach (var url in (string[])["http://web/", $"http://{web}/", "http://web-headless.demo:8080/"])
            Assert.Contains(sandbox.PageToken, workstation.Curl(url), StringComparison.Ordinal);
        var echo = workstation.Dig("+short", "udp-echo.demo", "A");
        Assert.Equal(
            ["1 True", "1400 True"],
            workstation.RunPython(PythonScripts.UdpEcho, echo, "7", "1", "1400").Split('\n')
        );
        // A rejected dial carries no reason there.
        Refusal.Read(workstation.RunPython(PythonScripts.Connect, web, "81")).AssertRefusedBeforeTimeout();

        await engine.Client.DisconnectAsync(session.Name, EngineProcess.Bound);
        await engine.WaitForExitAsync();
        Assert.Equal(before, workstation.NetworkState());
    }

    [SkippableTheory]
    [InlineData("2.20")]
    [InlineData("2.22")]
    [InlineData("2.25")]
    [InlineData("2.31")]
    public async Task Translated_subnets_are_reached_too_directly_and_through_a_workload(string release)
    {
        Workstation.RequireTools("kubectl");
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await StartAsync(workstation, release, "Ignored");
        var engine = await EngineProcess.StartAsync(workstation);
        var session = await engine.ConnectAsync(
            sandbox,
            new SubnetSelection { Vnat = ["pods"], ProxyVia = [$"service={Workload}"] },
            space: ProxyViaFixture.Namespace
        );
        Assert.Contains("10.244.0.0/16", session.TranslatedSubnets);
        Assert.Contains($"10.96.0.0/16={Workload}", session.ProxyVia);
        foreach (var name in (string[])["whoami.demo", "web-headless.demo"])
        {
            var address = IPAddress.Parse(workstation.Dig("+short", name, "A").Split('\n')[0]);
            Assert.True(IPNetwork.Parse(session.VirtualSubnet).Contains(address), $"{name} is {address}");
        }
        Assert.Contains(
            sandbox.PageToken,
            workstation.Curl("http://web-headless.demo:8080/"),
            StringComparison.Ordinal
        );
        var pods = workstation
            .Run(
                "kubectl",
                "--kubeconfig",
                sandbox.Kubeconfig,
                "--namespace",
                ProxyViaFixture.Namespace,
                "get",
                "pods",
                "--selector",
                $"app={Workload}",
                "--output",
                "jsonpath={.items[*].status.podIPs[*].ip}"
            )
            .Require()
            .Split(' ');
        Assert.Contains(workstation.Curl("http://whoami.demo/peer").Trim(), pods);
        await engine.Client.DisconnectAsync(session.Name, EngineProcess.Bound);
        await engine.WaitForExitAsync();
    }

    [SkippableFact]
    public async Task A_client_certificate_is_no_token_and_nothing_is_left()
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await StartAsync(workstation, "2.31", "Enforcing", "--client-certificate");
        var before = workstation.NetworkState();
        var engine = await EngineProcess.StartAsync(workstation);
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => engine.ConnectAsync(sandbox));
        Assert.True(error.Is(ErrorId.ManagerUnauthorized), error.Message);
        Assert.Contains("client certificate", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, workstation.NetworkState());
        await engine.EndAsync();
    }

    private static Task<SandboxProcess> StartAsync(
        Workstation workstation,
        string release,
        string tokens,
        params string[] more
    ) => SandboxProcess.StartAsync(workstation, ["--emulate", release, "--manager-tokens", tokens, .. more]);
}
