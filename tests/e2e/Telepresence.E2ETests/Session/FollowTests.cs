using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>What becomes of a session when the machine's routes and name servers change under it.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class FollowTests
{
    private const string ServiceSubnet = "10.96.0.0/16";
    private const string PodSubnet = "10.244.0.0/16";

    [SkippableFact]
    public async Task A_VPN_that_comes_up_gets_the_subnet_translated_and_gives_it_back_when_it_goes()
    {
        await using var scene = await SceneAsync(new SubnetSelection());
        var workstation = scene.Workstation;
        var real = scene.Sandbox.Addresses("demo/web")[0];
        Assert.Empty(scene.Session.Conflicts);
        Assert.Equal(real, workstation.Dig("+short", "web.demo", "A"));

        var notice = NextConflict(scene.Engine);
        var changed = NextSession(scene.Engine, s => s.TranslatedSubnets.Length > 0);
        workstation.Net.AddInterface("tun0", "172.20.0.1/16");
        workstation.Net.Ip("route add 10.96.0.0/12 dev tun0");

        var (session, conflict) = await notice;
        Assert.Equal("one", session);
        Assert.Equal(ServiceSubnet, conflict.Subnet);
        Assert.Equal("10.96.0.0/12", conflict.ConflictingRoute);
        Assert.Equal("tun0", conflict.InterfaceAlias);
        Assert.Equal(ConflictResolution.Translate, conflict.Resolution);
        var during = await changed;
        Assert.Equal([ServiceSubnet], during.TranslatedSubnets);
        Assert.Equal([PodSubnet], during.Subnets);
        Assert.Equal(ServiceSubnet, Assert.Single(during.Conflicts).Subnet);
        // The VPN has its addresses again, and the name leads around them.
        Assert.Contains("dev=tun0", workstation.RouteTo(real), StringComparison.Ordinal);
        var moved = workstation.Dig("+short", "web.demo", "A");
        Assert.NotEqual(real, moved);
        Assert.Contains(scene.Sandbox.PageToken, workstation.Curl("http://web.demo/"), StringComparison.Ordinal);

        changed = NextSession(scene.Engine, s => s.TranslatedSubnets.Length == 0);
        workstation.Net.Ip("link del tun0");
        var after = await changed;
        Assert.Empty(after.Conflicts);
        Assert.Equal([PodSubnet, ServiceSubnet], after.Subnets.Order(StringComparer.Ordinal));
        Assert.Equal(real, workstation.Dig("+short", "web.demo", "A"));
        // A program may still hold the virtual address: it goes on leading there.
        foreach (var address in (string[])[real, moved])
            Assert.Contains(scene.Sandbox.PageToken, workstation.Curl($"http://{address}/"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_IPv6_subnet_that_a_VPN_takes_is_translated_too()
    {
        SandboxProcess.RequireServiceFamily(1);
        await using var scene = await SceneAsync(new SubnetSelection(), "--dual-stack");
        var workstation = scene.Workstation;
        var real = workstation.Dig("+short", "web.demo", "AAAA");
        Assert.StartsWith("fd00:10:96::", real, StringComparison.Ordinal);

        var changed = NextSession(scene.Engine, s => s.TranslatedSubnets.Length > 0);
        workstation.Net.AddInterface("tun0", "172.20.0.1/16", "fd00:20::1/64");
        workstation.Net.Ip("-6 route add fd00:10:96::/48 dev tun0");

        Assert.Equal(["fd00:10:96::/112"], (await changed).TranslatedSubnets);
        var moved = workstation.Dig("+short", "web.demo", "AAAA");
        Assert.DoesNotContain("fd00:10:96::", moved, StringComparison.Ordinal);
        Assert.Contains("dev=tun0", workstation.RouteTo(real), StringComparison.Ordinal);
        var page = workstation.Curl($"http://[{moved}]/", "-g");
        Assert.Contains(scene.Sandbox.PageToken, page, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_connection_to_an_address_that_the_VPN_takes_ends_at_once()
    {
        await using var scene = await SceneAsync(new SubnetSelection());
        var real = scene.Sandbox.Addresses("demo/tcp-echo")[0];
        var reader = scene.Workstation.Own(
            ChildProcess.Start(
                scene.Workstation.Net,
                [],
                Workstation.Python,
                ["-c", PythonScripts.ReadToTheEnd, real, "7"]
            )
        );
        await reader.WaitForLineAsync(line => line == "open");

        var changed = NextSession(scene.Engine, s => s.TranslatedSubnets.Length > 0);
        scene.Workstation.Net.AddInterface("tun0", "172.20.0.1/16");
        scene.Workstation.Net.Ip("route add 10.96.0.0/16 dev tun0");
        await changed;
        await reader.WaitForLineAsync(line => line is "reset" or "end");
    }

    [SkippableFact]
    public async Task Without_automatic_resolution_what_works_stays_and_the_session_says_so()
    {
        await using var scene = await SceneAsync(new SubnetSelection { AutoResolveConflicts = false });
        var notice = NextConflict(scene.Engine);
        var changed = NextSession(scene.Engine, s => s.LastErrorId.Length > 0);
        scene.Workstation.Net.AddInterface("tun0", "172.20.0.1/16");
        scene.Workstation.Net.Ip("route add 10.0.0.0/8 dev tun0");

        Assert.Equal(ConflictResolution.Refused, (await notice).Conflict.Resolution);
        var session = await changed;
        Assert.Equal(SessionState.Connected, session.State);
        Assert.Equal("SubnetConflict", session.LastErrorId);
        Assert.Contains(
            "subnet 10.244.0.0/16 overlaps with existing route \"10.0.0.0/8 via 172.20.0.1 dev tun0\"",
            session.LastError,
            StringComparison.Ordinal
        );
        Assert.Empty(session.TranslatedSubnets);
        Assert.All(session.Conflicts, c => Assert.Equal(ConflictSeverity.Blocking, c.Severity));
        Assert.Contains(scene.Sandbox.PageToken, scene.Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        Assert.Contains("dev=tun0", scene.Workstation.RouteTo("10.1.2.3"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_allowed_subnet_overrides_a_VPN_that_comes_up_later()
    {
        await using var scene = await SceneAsync(new SubnetSelection { AllowConflictingSubnet = [ServiceSubnet] });
        var changed = NextSession(scene.Engine, s => s.Conflicts.Length > 0);
        scene.Workstation.Net.AddInterface("tun0", "172.20.0.1/16");
        scene.Workstation.Net.Ip("route add 10.96.0.0/24 dev tun0");
        scene.Workstation.Net.Ip("route add 10.112.0.0/16 dev tun0");

        Assert.Equal(ConflictResolution.Allowed, Assert.Single((await changed).Conflicts).Resolution);
        var real = scene.Sandbox.Addresses("demo/web")[0];
        Assert.True(IPNetwork.Parse(ServiceSubnet).Contains(IPAddress.Parse(real)));
        Assert.Contains(
            $"dev={scene.Session.InterfaceAlias}",
            scene.Workstation.RouteTo(real),
            StringComparison.Ordinal
        );
        Assert.Contains("dev=tun0", scene.Workstation.RouteTo("10.112.0.1"), StringComparison.Ordinal);
        Assert.Contains(scene.Sandbox.PageToken, scene.Workstation.Curl($"http://{real}/"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Name_servers_that_a_VPN_brings_are_captured_too()
    {
        await using var scene = await SceneAsync(new SubnetSelection());
        var workstation = scene.Workstation;
        const string Corporate = "192.0.2.77";
        workstation.Lan.Ip($"address add {Corporate}/24 dev lan0");
        workstation.Own(await NameServerProcess.StartAsync(workstation.Lan, Corporate));

        var changed = NextSession(scene.Engine, s => s.DnsServers.Contains(Corporate));
        await File.WriteAllTextAsync(workstation.ResolvConfPath, $"nameserver {Corporate}\n");

        Assert.Equal([Corporate], (await changed).DnsServers);
        Assert.Contains(scene.Sandbox.PageToken, workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        Assert.Equal(NameServerProcess.OutsideAddress4, workstation.Dig("+short", "outside.example", "A"));
        await scene.Engine.Client.DisconnectAsync(scene.Session.Name, EngineProcess.Bound);
        Assert.Equal(NameServerProcess.OutsideAddress4, workstation.Dig("+short", "outside.example", "A"));
    }

    private static Task<ConflictNotice> NextConflict(EngineProcess engine)
    {
        var next = new TaskCompletionSource<ConflictNotice>(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Notifications.ConflictDetected += notice => next.TrySetResult(notice);
        return next.Task.WaitAsync(EngineProcess.Bound);
    }

    private static Task<TelepresenceSession> NextSession(EngineProcess engine, Func<TelepresenceSession, bool> wanted)
    {
        var next = new TaskCompletionSource<TelepresenceSession>(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Notifications.SessionChanged += session =>
        {
            if (wanted(session))
                next.TrySetResult(session);
        };
        return next.Task.WaitAsync(EngineProcess.Bound);
    }

    private static async Task<Scene> SceneAsync(SubnetSelection subnets, params string[] sandboxOptions)
    {
        Workstation.RequireTools();
        var workstation = await Workstation.StartAsync();
        try
        {
            var sandbox = await SandboxProcess.StartAsync(workstation, sandboxOptions);
            var engine = await EngineProcess.StartAsync(workstation);
            return new Scene(workstation, sandbox, engine, await engine.ConnectAsync(sandbox, subnets, "one"));
        }
        catch
        {
            await workstation.DisposeAsync();
            throw;
        }
    }
}
