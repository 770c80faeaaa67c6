namespace Telepresence.E2ETests.Session;

/// <summary>Byte streams and datagrams through the whole chain.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class StreamTests(SessionFixture fixture) : IClassFixture<SessionFixture>
{
    private const string EchoPort = "7";
    private const int Concurrent = 500;

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task One_side_closes_and_still_gets_all_that_the_other_has_to_say(int family)
    {
        SandboxProcess.RequireServiceFamily(family);
        await fixture.StartAsync();
        const string Size = "3000000";
        var echo = fixture.Sandbox.Addresses("demo/echo")[family];
        Assert.Equal($"{Size} True", fixture.Workstation.RunPython(PythonScripts.HalfClose, echo, EchoPort, Size));
        var bulk = fixture.Sandbox.Addresses("demo/bulk")[family];
        Assert.Equal("True", fixture.Workstation.RunPython(PythonScripts.BulkPut, bulk, "9000", Size));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Datagrams_come_back_whole_also_those_longer_than_a_packet(int family)
    {
        SandboxProcess.RequireServiceFamily(family);
        await fixture.StartAsync();
        var echo = fixture.Sandbox.Addresses("demo/echo")[family];
        Assert.Equal(
            ["1 True", "1400 True", "9000 True", "1400 True"],
            fixture
                .Workstation.RunPython(PythonScripts.UdpEcho, echo, EchoPort, "1", "1400", "9000", "1400")
                .Split('\n')
        );
    }

    [SkippableFact]
    public async Task Five_hundred_downloads_at_once_finish_and_leave_no_flow()
    {
        await fixture.StartAsync();
        var web = fixture.Sandbox.Addresses("demo/web")[0];
        Assert.Equal(
            $"{Concurrent}",
            fixture.Workstation.RunPython(PythonScripts.Downloads, web, "80", $"{Concurrent}", "200000")
        );
        await fixture.Engine.WaitForNoConnectionsAsync();
        // Nor do the machine's own sockets linger half-open.
        Assert.Equal(
            "",
            fixture.Workstation.Run("ss", "-Htn", "state", "connected", "exclude", "time-wait", "dst", web).Require()
        );
    }

    [SkippableFact]
    public async Task An_open_connection_is_listed_with_its_name_and_counts()
    {
        await fixture.StartAsync();
        var echo = fixture.Sandbox.Addresses("demo/echo")[0];
        await using var held = ChildProcess.Start(
            fixture.Workstation.Net,
            [],
            Workstation.Python,
            "-c",
            "import socket,sys; s=socket.create_connection((sys.argv[1],7)); s.sendall(b'x'*1000); n=0\n"
                + "while n<1000: n+=len(s.recv(1000))\nprint(s.getsockname()[1], flush=True); sys.stdin.read()",
            echo
        );
        var port = int.Parse(await held.WaitForLineAsync(_ => true));
        var connection = Assert.Single(
            await fixture.Engine.Client.ConnectionsAsync(null, EngineProcess.Bound),
            c => c.LocalPort == port
        );
        Assert.Equal((echo, 7, held.Id), (connection.RemoteAddress, connection.RemotePort, connection.OwningProcess));
        Assert.Equal((1000L, 1000L), (connection.BytesSent, connection.BytesReceived));
    }
}
