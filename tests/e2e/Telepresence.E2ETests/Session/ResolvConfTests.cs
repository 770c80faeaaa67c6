using Telepresence.Client.Contract;

namespace Telepresence.E2ETests.Session;

/// <summary>Machines whose resolv.conf and reverse path filter differ.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class ResolvConfTests
{
    [SkippableTheory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Names_and_pages_work_under_each_reverse_path_filter(string filter)
    {
        Workstation.RequireTools("sysctl");
        await using var workstation = await Workstation.StartAsync();
        foreach (var scope in (string[])["all", "default", "lan0"])
            workstation.Net.Sysctl($"net.ipv4.conf.{scope}.rp_filter", filter);
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var engine = await EngineProcess.StartAsync(workstation);
        await engine.ConnectAsync(sandbox, new SubnetSelection());
        foreach (var transport in (string[])["+notcp", "+tcp"])
        {
            Assert.Equal(sandbox.Addresses("demo/web")[0], workstation.Dig("+short", transport, "web.demo", "A"));
            Assert.Equal(
                NameServerProcess.OutsideAddress4,
                workstation.Dig("+short", transport, "outside.example", "A")
            );
        }
        Assert.Contains(sandbox.PageToken, workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Search_domains_of_the_machine_and_an_IPv6_name_server_do_not_get_in_the_way()
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync(
            $"nameserver {Workstation.NameServer6}\nnameserver {Workstation.NameServer4}\n"
                + "search corp.example lan.example\noptions ndots:2 timeout:5\n"
        );
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var engine = await EngineProcess.StartAsync(workstation);
        await engine.ConnectAsync(sandbox, new SubnetSelection());
        foreach (var name in (string[])["web", "web.demo", "web.demo.svc", "web.demo.svc.cluster.local"])
            Assert.Contains(sandbox.PageToken, workstation.Curl($"http://{name}/"), StringComparison.Ordinal);
        var outside = workstation.Run("getent", "ahostsv4", "outside.example").Require();
        Assert.Contains(NameServerProcess.OutsideAddress4, outside, StringComparison.Ordinal);
        Assert.DoesNotContain(workstation.NameServer.Questions, q => q.Contains("web", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_name_server_on_this_machine_is_put_back_when_the_session_ends()
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync();
        var local = workstation.Own(await NameServerProcess.StartAsync(workstation.Net, "127.0.0.53"));
        var before = "# mine\nnameserver 127.0.0.53\noptions timeout:5\n";
        await File.WriteAllTextAsync(workstation.ResolvConfPath, before);
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var engine = await EngineProcess.StartAsync(workstation);
        var session = await engine.ConnectAsync(sandbox, new SubnetSelection());
        Assert.Equal(sandbox.Addresses("demo/web")[0], workstation.Dig("+short", "web.demo", "A"));
        Assert.Equal(NameServerProcess.OutsideAddress4, workstation.Dig("+short", "outside.example", "A"));
        Assert.Contains("udp outside.example 1", local.Questions);
        await engine.Client.DisconnectAsync(session.Name, EngineProcess.Bound);
        Assert.Equal(before, await File.ReadAllTextAsync(workstation.ResolvConfPath));
        Assert.Equal(NameServerProcess.OutsideAddress4, workstation.Dig("+short", "outside.example", "A"));
    }
}
