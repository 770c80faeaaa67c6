using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Engagements;

/// <summary>What the cluster sends to a workload is answered by programs of the workstation; callers are curl and Python.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class TrafficTests(EngagedFixture fixture) : IClassFixture<EngagedFixture>
{
    private Workstation Workstation => fixture.Workstation;

    [SkippableFact]
    public async Task Callers_of_a_service_are_answered_here_until_the_intercept_is_removed()
    {
        await using var session = await fixture.ConnectAsync();
        var port = fixture.NewPort();
        await using var server = await fixture.StartAsync(LocalPrograms.Http, port);
        Assert.Contains(fixture.Sandbox.PageToken, Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);

        var engagement = await session.NewAsync(new EngagementRequest { Workload = "web", Ports = [$"{port}:http"] });
        Assert.Equal((EngagementState.Active, $"{port}:8080/TCP"), (engagement.State, engagement.Ports[0]));
        for (var request = 0; request < 4; request++)
            Assert.Equal($"laptop /{request}", Workstation.Curl($"http://web.demo/{request}"));
        var shown = Assert.Single(await session.Engine.Client.EngagementsAsync(null, EngineProcess.Bound));
        Assert.Equal(4, shown.Connections);

        await session.RemoveAsync("web");
        Assert.Contains(fixture.Sandbox.PageToken, Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        Assert.Equal(4, server.Output.Count(line => line.StartsWith("GET", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Datagrams_are_answered_here()
    {
        await using var session = await fixture.ConnectAsync();
        var port = fixture.NewPort();
        await using var server = await fixture.StartAsync(LocalPrograms.Udp, port);
        var address = Workstation.Dig("+short", "udp-echo.demo", "A");
        Assert.Equal("hello", Workstation.RunPython(LocalPrograms.AskUdp, address, "7", "hello"));

        await session.NewAsync(
            new EngagementRequest
            {
                Workload = "echo",
                Service = "udp-echo",
                Ports = [$"{port}:7/UDP"],
            }
        );
        Assert.Equal("HELLO", Workstation.RunPython(LocalPrograms.AskUdp, address, "7", "hello"));
    }

    [SkippableFact]
    public async Task A_connection_that_is_upgraded_to_a_WebSocket_carries_frames_both_ways()
    {
        await using var session = await fixture.ConnectAsync();
        var port = fixture.NewPort();
        await using var server = await fixture.StartAsync(LocalPrograms.WebSocket, port);
        await session.NewAsync(new EngagementRequest { Workload = "orders", Ports = [$"{port}:http"] });
        var address = Workstation.Dig("+short", "orders.demo", "A");
        Assert.Equal(
            ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "60075"],
            Workstation.RunPython(LocalPrograms.AskWebSocket, address).Split('\n')
        );
    }

    [SkippableFact]
    public async Task Only_requests_with_the_header_are_answered_here()
    {
        await using var session = await fixture.ConnectAsync();
        var port = fixture.NewPort();
        await using var server = await fixture.StartAsync(LocalPrograms.Http, port);
        await session.NewAsync(
            new EngagementRequest
            {
                Workload = "web",
                Ports = [$"{port}:http"],
                HttpHeaders = new Dictionary<string, string> { ["X-User"] = "me" },
            }
        );
        Assert.Equal("laptop /mine", Workstation.Curl("http://web.demo/mine", "-H", "X-User: me"));
        Assert.Contains(fixture.Sandbox.PageToken, Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_wiretap_sees_what_callers_send_and_they_see_the_pod()
    {
        await using var session = await fixture.ConnectAsync();
        var port = fixture.NewPort();
        await using var server = await fixture.StartAsync(LocalPrograms.Http, port);
        await session.NewAsync(
            new EngagementRequest
            {
                Kind = EngagementKind.Wiretap,
                Workload = "web",
                Ports = [$"{port}:http"],
            }
        );
        for (var request = 0; request < 3; request++)
        {
            Assert.Contains(
                fixture.Sandbox.PageToken,
                Workstation.Curl($"http://web.demo/?seen={request}"),
                StringComparison.Ordinal
            );
            await server.WaitForLineAsync(line => line == $"GET /?seen={request}");
        }
    }

    [SkippableFact]
    public async Task A_replaced_worker_leaves_its_jobs_to_this_machine()
    {
        await using var session = await fixture.ConnectAsync("all");
        var queue = Workstation.Dig("+short", "queue.demo", "A");
        Assert.Equal("OK", Workstation.RunPython(LocalPrograms.Queue, queue, "PUSH first"));
        Assert.Equal("worker first", Workstation.RunPython(LocalPrograms.Queue, queue, "WAIT"));

        var engagement = await session.NewAsync(
            new EngagementRequest { Kind = EngagementKind.Replacement, Workload = "worker" }
        );
        Assert.Equal("OK", Workstation.RunPython(LocalPrograms.Queue, queue, "PUSH second"));
        var worker = Workstation.Run(
            "env",
            $"QUEUE={engagement.Environment["QUEUE"]}",
            Workstation.Python,
            "-c",
            LocalPrograms.Worker
        );
        Assert.Equal("OK second", worker.Require().Trim());
        Assert.Equal("laptop second", Workstation.RunPython(LocalPrograms.Queue, queue, "WAIT"));

        await session.RemoveAsync("worker");
        Assert.Equal("OK", Workstation.RunPython(LocalPrograms.Queue, queue, "PUSH third"));
        Assert.Equal("worker third", Workstation.RunPython(LocalPrograms.Queue, queue, "WAIT"));
    }

    [SkippableFact]
    public async Task A_second_user_is_told_who_has_the_traffic_and_has_it_when_that_one_left()
    {
        await using var alice = await fixture.ConnectAsync();
        await alice.NewAsync(new EngagementRequest { Workload = "web", Ports = [$"{fixture.NewPort()}:http"] });
        // Another user of the same machine: an engine and an interface of his own.
        var bob = await EngineProcess.StartAsync(Workstation);
        await using var session = new EngagedSession(
            fixture,
            bob,
            await bob.ConnectAsync(fixture.Sandbox, new SubnetSelection { Vnat = ["all"] }, name: "bob")
        );
        var port = fixture.NewPort();
        var request = new EngagementRequest { Workload = "web", Ports = [$"{port}:http"] };
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => session.NewAsync(request));
        Assert.Equal(nameof(ErrorId.EngagementConflict), error.Id);
        Assert.Contains($"{Environment.UserName}@{Environment.MachineName}", error.Message, StringComparison.Ordinal);

        await alice.DisposeAsync();
        await using var server = await fixture.StartAsync(LocalPrograms.Http, port);
        await session.NewAsync(request);
        Assert.Equal("laptop /bob", Workstation.Curl("http://web.demo/bob"));
    }
}
