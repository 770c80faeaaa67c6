using Telepresence.Client.Contract;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>VPN clients turn IPv6 off, lest it go past them. A cluster of both families is reached by IPv4 all the same.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class WithoutIPv6Tests
{
    [SkippableTheory]
    [InlineData(null)]
    [InlineData("all")]
    public async Task A_dual_stack_cluster_answers_where_IPv6_is_turned_off(string? vnat)
    {
        Workstation.RequireTools("sysctl");
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await SandboxProcess.StartAsync(workstation, "--dual-stack");
        foreach (var scope in (string[])["all", "default"])
            workstation.Net.Sysctl($"net.ipv6.conf.{scope}.disable_ipv6", "1");
        await using var scene = await VpnScene.ConnectAsync(
            workstation,
            sandbox,
            new SubnetSelection { Vnat = vnat is null ? [] : [vnat] }
        );

        scene.AssertGoesIntoTheCluster(scene.AddressOf("web.demo"));
        scene.AssertClusterAnswers();
        Assert.Equal(NameServerProcess.OutsideAddress4, workstation.Dig("+short", "outside.example", "A"));
        await scene.EndAsync();
    }

    [SkippableFact]
    public async Task It_is_routed_as_soon_as_IPv6_is_turned_on_again()
    {
        Workstation.RequireTools("sysctl");
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await SandboxProcess.StartAsync(workstation, "--dual-stack");
        workstation.Net.Sysctl("net.ipv6.conf.default.disable_ipv6", "1");
        await using var scene = await VpnScene.ConnectAsync(workstation, sandbox, new SubnetSelection());
        var web = sandbox.Addresses("demo/web")[1];
        Assert.Contains("unreachable", workstation.RouteTo(web), StringComparison.Ordinal);

        using var monitor = workstation.Net.Start("ip", "-6", "monitor", "route");
        workstation.Net.Sysctl($"net.ipv6.conf.{scene.Session.InterfaceAlias}.disable_ipv6", "0");
        while (workstation.RouteTo(web) is var route && !route.StartsWith(scene.Device, StringComparison.Ordinal))
            Assert.NotNull(await monitor.StandardOutput.ReadLineAsync(EngineProcess.Bound));
        monitor.Kill();
        await monitor.WaitForExitAsync(EngineProcess.Bound);
        scene.AssertClusterAnswersAt(web);
        await scene.EndAsync();
    }
}
