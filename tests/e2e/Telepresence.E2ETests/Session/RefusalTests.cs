namespace Telepresence.E2ETests.Session;

/// <summary>A closed port and a silent one look from the workstation as they look from a pod.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class RefusalTests(SessionFixture fixture) : IClassFixture<SessionFixture>
{
    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_closed_port_refuses(int family)
    {
        SandboxProcess.RequireServiceFamily(family);
        await fixture.StartAsync();
        var closed = fixture.Sandbox.Addresses("demo/closed")[family];
        Refusal.Read(fixture.Workstation.RunPython(PythonScripts.Connect, closed, "80")).AssertRefusedBeforeTimeout();
        // Nobody is behind the address at all: the sandbox refuses as a cluster's proxy does.
        var web = fixture.Sandbox.Addresses("demo/web")[family];
        Refusal.Read(fixture.Workstation.RunPython(PythonScripts.Connect, web, "81")).AssertRefusedBeforeTimeout();
    }

    [SkippableFact]
    public async Task A_silent_port_times_out()
    {
        await fixture.StartAsync();
        var silent = fixture.Sandbox.Addresses("demo/silent")[0];
        Refusal.Read(fixture.Workstation.RunPython(PythonScripts.Connect, silent, "80")).AssertTimedOut();
    }

    [SkippableFact]
    public async Task Curl_says_what_it_says_of_any_host()
    {
        await fixture.StartAsync();
        Assert.Equal(7, fixture.Workstation.Run("curl", "-sS", "--noproxy", "*", "http://closed.demo/").ExitCode);
        var silent = fixture.Workstation.Run("curl", "-sS", "--noproxy", "*", "http://silent.demo/");
        Assert.Equal(7, silent.ExitCode);
    }
}
