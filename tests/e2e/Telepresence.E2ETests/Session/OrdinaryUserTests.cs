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
}
