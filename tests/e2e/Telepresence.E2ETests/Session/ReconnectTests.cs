using System.Collections.Concurrent;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>What a session's users see when the way to the API server breaks and comes back.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class ReconnectTests
{
    private const int Port = 16443;

    [SkippableFact]
    public async Task A_download_ends_the_interface_stays_and_what_began_in_the_outage_succeeds_after_it()
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync();
        workstation.Net.AddInterface("tun0", "172.20.0.1/16");
        // So that one subnet is translated and its virtual addresses can be compared.
        workstation.Net.Ip("route add 10.96.0.0/12 dev tun0");
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var way = await StartWayAsync(workstation, sandbox);
        var engine = await EngineProcess.StartAsync(workstation);
        var before = await ConnectAsync(engine, workstation, sandbox);
        Assert.NotEmpty(before.TranslatedSubnets);
        var states = new ConcurrentQueue<SessionState>();
        var lost = StateAsync(engine, SessionState.Reconnecting);
        engine.Notifications.SessionChanged += session => states.Enqueue(session.State);
        var address = workstation.Dig("+short", "web.demo", "A");
        var interfaces = workstation.Net.IpJson("-d link show").GetRawText();
        var state = workstation.NetworkState();
        var reader = workstation.Own(
            ChildProcess.Start(
                workstation.Net,
                [],
                Workstation.Python,
                ["-c", PythonScripts.ReadToTheEnd, workstation.Dig("+short", "tcp-echo.demo", "A"), "7"]
            )
        );
        await reader.WaitForLineAsync(line => line == "open");

        await way.EndAsync("KILL");
        await reader.WaitForLineAsync(line => line == "reset");
        await lost;
        var curl = workstation.Own(
            ChildProcess.Start(
                workstation.Net,
                [],
                "curl",
                ["-sS", "--noproxy", "*", "--max-time", "60", "http://web.demo/"]
            )
        );
        var during = Differences(state, workstation.NetworkState());
        Assert.True(during.Length == 0, during);
        var back = StateAsync(engine, SessionState.Connected);
        way = await StartWayAsync(workstation, sandbox);
        await back;
        await curl.WaitForLineAsync(line => line.Contains(sandbox.PageToken, StringComparison.Ordinal));

        Assert.Equal(address, workstation.Dig("+short", "web.demo", "A"));
        Assert.Contains(sandbox.PageToken, workstation.Curl($"http://{address}/"), StringComparison.Ordinal);
        Assert.Equal(interfaces, workstation.Net.IpJson("-d link show").GetRawText());
        var after = Differences(state, workstation.NetworkState());
        Assert.True(after.Length == 0, after);
        Assert.DoesNotContain(SessionState.Disconnected, states);
        Assert.Equal(
            before.InterfaceIndex,
            (await engine.Client.ListSessionsAsync(EngineProcess.Bound)).Single().InterfaceIndex
        );
        await way.EndAsync("KILL");
    }

    [SkippableFact]
    public async Task A_disconnect_while_reconnecting_leaves_nothing()
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync();
        var sandbox = await SandboxProcess.StartAsync(workstation);
        var way = await StartWayAsync(workstation, sandbox);
        var engine = await EngineProcess.StartAsync(workstation);
        var state = workstation.NetworkState();
        var session = await ConnectAsync(engine, workstation, sandbox);
        var lost = StateAsync(engine, SessionState.Reconnecting);
        await way.EndAsync("KILL");
        await lost;
        await engine.Client.DisconnectAsync(session.Name, EngineProcess.Bound);
        var left = Differences(state, workstation.NetworkState());
        Assert.True(left.Length == 0, left);
    }

    /// <summary>What a load balancer in front of the API server is; without it nothing listens there.</summary>
    private static async Task<ChildProcess> StartWayAsync(Workstation workstation, SandboxProcess sandbox)
    {
        var way = workstation.Own(
            ChildProcess.Start(
                workstation.Net,
                [],
                Workstation.Python,
                ["-u", "-c", PythonScripts.Relay, $"{Port}", sandbox.ApiServer.Authority]
            )
        );
        await way.WaitForLineAsync(line => line == "ready");
        return way;
    }

    private static async Task<TelepresenceSession> ConnectAsync(
        EngineProcess engine,
        Workstation workstation,
        SandboxProcess sandbox
    )
    {
        var kubeconfig = Path.Combine(workstation.Home, "kubeconfig");
        var text = await File.ReadAllTextAsync(sandbox.Kubeconfig);
        await File.WriteAllTextAsync(
            kubeconfig,
            text.Replace(sandbox.ApiServer.Authority, $"127.0.0.1:{Port}", StringComparison.Ordinal)
        );
        return await engine.Client.ConnectAsync(
            new ConnectParameters
            {
                Cluster = new ClusterSelection { Kubeconfig = kubeconfig },
                Namespace = EngineProcess.SandboxNamespace,
                Subnets = new SubnetSelection(),
                TimeoutSeconds = 60,
            },
            null,
            EngineProcess.Bound
        );
    }

    private static Task StateAsync(EngineProcess engine, SessionState wanted)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Notifications.SessionChanged += session =>
        {
            if (session.State == wanted)
                reached.TrySetResult();
        };
        return reached.Task.WaitAsync(EngineProcess.Bound);
    }

    private static string Differences(IEnumerable<string> one, IEnumerable<string> other) =>
        string.Join('\n', one.Except(other).Select(l => $"- {l}").Concat(other.Except(one).Select(l => $"+ {l}")));
}
