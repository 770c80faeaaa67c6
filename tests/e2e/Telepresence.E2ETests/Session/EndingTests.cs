using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>What is left of an engine, however it ends.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class EndingTests
{
    /// <summary>Routing decisions: by address, port, protocol, mark, and as seen by the machine itself.</summary>
    private static readonly string[] _decisions =
    [
        .. from address in (string[])
            [
                "10.96.0.1",
                "10.96.200.7",
                "10.244.0.1",
                "10.244.3.9",
                "172.20.1.1",
                "192.0.2.1",
                "192.0.2.77",
                "198.51.100.7",
                "246.0.0.1",
                "246.1.2.3",
                "127.0.0.1",
                "fd00:10:96::1",
                "fd00:10:244::1",
                "2001:db8:2::1",
                "2001:db8:51::7",
            ]
        from selector in (string[])
            [
                "",
                "ipproto udp dport 53",
                "ipproto tcp dport 53",
                "ipproto tcp dport 443",
                "mark 0x1000000",
                "mark 0xff000000",
                "mark 0x80000000 ipproto udp dport 53",
            ]
        select $"{address} {selector}",
    ];

    [SkippableTheory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task After_a_signal_nothing_is_left_at_all(string signal)
    {
        Workstation.RequireTools();
        await using var scene = await SceneAsync();
        var before = scene.NetworkState();
        var (sandbox, engine, _) = await ConnectAsync(scene);
        Assert.NotEqual(before, scene.NetworkState());
        await using var held = HoldConnection(scene, sandbox);
        await held.WaitForLineAsync(line => line == "open");

        await engine.EndAsync(signal);

        Assert.Equal(before, scene.NetworkState());
        Assert.False(File.Exists(engine.Endpoint.SocketPath), "the socket file is left");
        Assert.False(Directory.Exists($"/proc/{engine.Id}"), "the process is left");
        // Whoever was connected learns it at once, not after a time-out.
        await held.WaitForExitAsync();
    }

    [SkippableFact]
    public async Task After_a_disconnect_nothing_is_left_and_the_engine_ends_by_itself()
    {
        Workstation.RequireTools();
        await using var scene = await SceneAsync();
        var before = scene.NetworkState();
        var (sandbox, engine, session) = await ConnectAsync(scene);
        Assert.Contains(sandbox.PageToken, scene.Curl("http://web.demo/"), StringComparison.Ordinal);
        await engine.Client.DisconnectAsync(session.Name, EngineProcess.Bound);
        Assert.Equal(before, scene.NetworkState());
        await engine.WaitForExitAsync();
        Assert.False(File.Exists(engine.Endpoint.SocketPath), "the socket file is left");
    }

    [SkippableFact]
    public async Task After_a_kill_all_decisions_are_as_before_and_the_next_engine_removes_the_rest()
    {
        Workstation.RequireTools();
        await using var scene = await SceneAsync();
        var before = scene.NetworkState();
        var routes = Decisions(scene);
        var names = Names(scene);
        var (sandbox, engine, _) = await ConnectAsync(scene);
        Assert.Contains(sandbox.PageToken, scene.Curl("http://web.demo/"), StringComparison.Ordinal);
        Assert.NotEqual(routes, Decisions(scene));

        await engine.EndAsync("KILL");

        // As differences: a list of all of them would not show the one.
        Assert.Empty(Decisions(scene).Except(routes));
        Assert.Equal(names, Names(scene));
        Assert.NotEqual(before, scene.NetworkState());
        var next = await EngineProcess.StartAsync(scene);
        Assert.Equal(before, scene.NetworkState());
        var session = await next.ConnectAsync(sandbox);
        Assert.Contains(sandbox.PageToken, scene.Curl("http://web.demo/"), StringComparison.Ordinal);
        await next.Client.DisconnectAsync(session.Name, EngineProcess.Bound);
        Assert.Equal(before, scene.NetworkState());
    }

    [SkippableFact]
    public async Task A_running_engine_repairs_what_a_killed_one_left_and_keeps_its_own()
    {
        Workstation.RequireTools();
        await using var scene = await SceneAsync();
        var sandbox = await SandboxProcess.StartAsync(scene);
        var other = await EngineProcess.StartAsync(scene);
        await other.ConnectAsync(sandbox, new SubnetSelection { Vnat = ["all"] }, "stays");
        var kept = scene.NetworkState();
        var killed = await EngineProcess.StartAsync(scene);
        await killed.ConnectAsync(sandbox, Selection, "killed");
        await killed.EndAsync("KILL");

        var undone = await other.Client.RepairAsync(EngineProcess.Bound);

        Assert.NotEmpty(undone);
        Assert.Equal(kept, scene.NetworkState());
        Assert.Empty(await other.Client.RepairAsync(EngineProcess.Bound));
        Assert.Contains(sandbox.PageToken, scene.Curl("http://web.demo/"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_name_server_on_this_machine_is_put_back_after_a_kill()
    {
        Workstation.RequireTools();
        await using var scene = await Workstation.StartAsync();
        scene.Own(await NameServerProcess.StartAsync(scene.Net, "127.0.0.53"));
        await File.WriteAllTextAsync(scene.ResolvConfPath, "# mine\nnameserver 127.0.0.53\noptions timeout:5\n");
        var before = scene.NetworkState();
        var (_, engine, _) = await ConnectAsync(scene, new SubnetSelection());
        Assert.NotEqual("# mine", (await File.ReadAllLinesAsync(scene.ResolvConfPath))[0]);
        await engine.EndAsync("KILL");
        await EngineProcess.StartAsync(scene);
        Assert.Equal(before, scene.NetworkState());
        Assert.Equal(NameServerProcess.OutsideAddress4, scene.Dig("+short", "outside.example", "A"));
    }

    /// <summary>Every kind of route and rule: as it is, over a foreign route, translated, never.</summary>
    private static SubnetSelection Selection =>
        new()
        {
            AllowConflictingSubnet = ["10.96.0.0/16"],
            AlsoProxy = ["198.51.100.0/24"],
            NeverProxy = ["10.244.3.0/24"],
        };

    /// <summary>A VPN lies over part of both cluster subnets.</summary>
    private static async Task<Workstation> SceneAsync()
    {
        var scene = await Workstation.StartAsync();
        scene.Net.AddInterface("vpn0", "172.20.0.1/16");
        scene.Net.Ip("route add 10.96.192.0/18 dev vpn0");
        return scene;
    }

    private static async Task<(SandboxProcess, EngineProcess, TelepresenceSession)> ConnectAsync(
        Workstation scene,
        SubnetSelection? subnets = null
    )
    {
        var sandbox = await SandboxProcess.StartAsync(scene, "--dual-stack");
        var engine = await EngineProcess.StartAsync(scene);
        return (sandbox, engine, await engine.ConnectAsync(sandbox, subnets ?? Selection));
    }

    private static ChildProcess HoldConnection(Workstation scene, SandboxProcess sandbox) =>
        ChildProcess.Start(
            scene.Net,
            [],
            Workstation.Python,
            "-c",
            "import socket,sys; s=socket.create_connection((sys.argv[1],7)); print('open',flush=True)\n"
                + "try: s.recv(1)\nexcept OSError: pass",
            sandbox.Addresses("demo/echo")[0]
        );

    private static string[] Decisions(Workstation scene) => [.. _decisions.Select(d => $"{d}: {scene.RouteTo(d)}")];

    private static string[] Names(Workstation scene) =>
        [
            .. from name in (string[])["outside.example", "web.demo", "web", "nosuch.example"]
            from transport in (string[])["+notcp", "+tcp"]
            select $"{name}: {Status(scene.Dig(transport, "+noall", "+comments", "+answer", name))}",
        ];

    private static string Status(string answer) =>
        string.Join(
            ' ',
            answer
                .Split('\n')
                .Where(line => line.Contains("status:", StringComparison.Ordinal) || !line.StartsWith(';'))
                .Select(line => line.Split(", id:")[0])
        );
}
