using System.Text.Json;
using Telepresence.Client.Launch;

namespace Telepresence.E2ETests.Session;

/// <summary>An ordinary user who may sudo connects with the module; the engine that carries it is that user's.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class OrdinaryUserTests
{
    private const string User = "65534";
    private const string NetAdminOnly = "0000000000001000";

    [SkippableFact]
    public async Task A_user_with_sudo_connects_and_the_engine_holds_no_more_than_it_needs()
    {
        Workstation.RequireTools("sudo", "pwsh", "unshare", "setpriv");
        await using var workstation = await Workstation.StartAsync();
        var before = workstation.NetworkState();
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var home = new UserHome(workstation, User, sandbox.Kubeconfig);
        Skip.IfNot(home.MayRun(EngineHosting.Locate().FileName), "dotnet is not reachable for an ordinary user");

        var connected = home.RunPwsh("Connect-Telepresence -Namespace demo -TimeoutSeconds 60 | ConvertTo-Json");

        using var session = JsonDocument.Parse(connected.Require());
        var engine = session.RootElement.GetProperty("EngineProcessId").GetInt32();
        try
        {
            Assert.Contains(sandbox.PageToken, workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
            var status = (await File.ReadAllLinesAsync($"/proc/{engine}/status"))
                .Select(line => line.Split(':', 2))
                .ToDictionary(pair => pair[0], pair => pair[1].Trim());
            Assert.All(status["Uid"].Split('\t'), id => Assert.Equal(User, id));
            Assert.All(status["Gid"].Split('\t'), id => Assert.Equal(User, id));
            foreach (var set in (string[])["CapEff", "CapPrm"])
                Assert.Equal(NetAdminOnly, status[set]);
            // Another pwsh of the same user finds the session, without sudo this time.
            var found = home.RunPwsh("(Get-TelepresenceSession).State.ToString(); Disconnect-Telepresence");
            Assert.Equal("Connected", found.Require().Trim());
            Assert.Equal(before, workstation.NetworkState());
        }
        finally
        {
            UserHome.Kill(engine);
        }
    }

    [SkippableFact]
    public async Task Without_dotnet_the_users_pwsh_hosts_the_engine()
    {
        Workstation.RequireTools("sudo", "pwsh", "unshare", "setpriv");
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var home = new UserHome(workstation, User, sandbox.Kubeconfig);

        var connected = home.RunPwsh(
            "Connect-Telepresence -Namespace demo -TimeoutSeconds 120 | ConvertTo-Json",
            withoutDotnet: true
        );

        using var session = JsonDocument.Parse(connected.Require());
        var engine = session.RootElement.GetProperty("EngineProcessId").GetInt32();
        try
        {
            Assert.EndsWith(
                "pwsh",
                (await File.ReadAllTextAsync($"/proc/{engine}/cmdline")).Split('\0')[0],
                StringComparison.Ordinal
            );
            Assert.Contains(sandbox.PageToken, workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        }
        finally
        {
            UserHome.Kill(engine);
        }
    }

    [SkippableFact]
    public async Task An_engine_that_was_changed_is_not_elevated()
    {
        Workstation.RequireTools("sudo", "pwsh", "unshare", "setpriv");
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var home = new UserHome(workstation, User, sandbox.Kubeconfig);
        const string connect =
            "try { Connect-Telepresence -Namespace demo } catch { $_.FullyQualifiedErrorId; $_.ToString(); $_.ErrorDetails.RecommendedAction }";

        var added = Path.Combine(home.EngineFolder, "Telepresence.Engine.runtimeconfig.dev.json");
        await File.WriteAllTextAsync(added, "{}");
        var refused = home.RunPwsh(connect).Require();
        Assert.StartsWith("EngineChanged,", refused, StringComparison.Ordinal);
        Assert.Contains("Telepresence.Engine.runtimeconfig.dev.json was added", refused, StringComparison.Ordinal);
        Assert.Contains("Install-PSResource Telepresence -Reinstall", refused, StringComparison.Ordinal);
        File.Delete(added);

        var changed = Path.Combine(home.EngineFolder, "YamlDotNet.dll");
        var content = await File.ReadAllBytesAsync(changed);
        content[content.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(changed, content);
        Assert.Contains("YamlDotNet.dll differs", home.RunPwsh(connect).Require(), StringComparison.Ordinal);

        // What needs no privilege goes on.
        var tested = home.RunPwsh("(Test-TelepresenceConflict -PodSubnet 198.19.0.0/24).Subnet");
        Assert.Equal("198.19.0.0/24", tested.Require().Trim());
    }
}
