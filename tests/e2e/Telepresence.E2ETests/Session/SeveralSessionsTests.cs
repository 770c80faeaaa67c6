using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>Two clusters at once in one engine.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class SeveralSessionsTests
{
    [SkippableTheory]
    [InlineData("one")]
    [InlineData("two")]
    public async Task Two_clusters_with_the_same_subnets_are_both_reachable_and_one_may_go(string leaving)
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync();
        var before = workstation.NetworkState();
        var sandboxes = new Dictionary<string, SandboxProcess>
        {
            ["one"] = await SandboxProcess.StartAsync(workstation),
            ["two"] = await SandboxProcess.StartAsync(workstation),
        };
        var engine = await EngineProcess.StartAsync(workstation);
        var first = await engine.ConnectAsync(sandboxes["one"], name: "one");
        var second = await engine.ConnectAsync(sandboxes["two"], name: "two");

        // The first routes the subnets as they are, so the second is translated without being asked to.
        Assert.Empty(first.TranslatedSubnets);
        Assert.Equal(["10.244.0.0/16", "10.96.0.0/16"], second.TranslatedSubnets.Order(StringComparer.Ordinal));
        Assert.Equal(sandboxes["one"].Addresses("demo/web"), sandboxes["two"].Addresses("demo/web"));
        Assert.NotEqual(first.InterfaceAlias, second.InterfaceAlias);

        var address = new Dictionary<string, string>
        {
            ["one"] = await AddressOfWebAsync(engine, "one"),
            ["two"] = await AddressOfWebAsync(engine, "two"),
        };
        foreach (var (name, sandbox) in sandboxes)
            Assert.Contains(sandbox.PageToken, workstation.Curl($"http://{address[name]}/"), StringComparison.Ordinal);
        // Both know the name; the one that came first answers, always.
        Assert.Equal(address["one"], workstation.Dig("+short", "web.demo", "A"));
        // Whoever names the session gets that one's, by every program.
        foreach (var (name, sandbox) in sandboxes)
        {
            Assert.Equal(address[name], workstation.Dig("+short", $"web.demo.svc.{name}", "A"));
            var page = workstation.Curl($"http://web.demo.svc.{name}/");
            Assert.Contains(sandbox.PageToken, page, StringComparison.Ordinal);
        }

        await engine.Client.DisconnectAsync(leaving, EngineProcess.Bound);
        var staying = sandboxes.Keys.Single(name => name != leaving);
        Assert.Contains(
            sandboxes[staying].PageToken,
            workstation.Curl($"http://{address[staying]}/"),
            StringComparison.Ordinal
        );
        Assert.Contains(sandboxes[staying].PageToken, workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        Assert.Equal(NameServerProcess.OutsideAddress4, workstation.Dig("+short", "outside.example", "A"));

        await engine.Client.DisconnectAsync(staying, EngineProcess.Bound);
        Assert.Equal(before, workstation.NetworkState());
        await engine.WaitForExitAsync();
    }

    /// <summary>What a program of this machine is to connect to for the service <c>web</c> of that session.</summary>
    private static async Task<string> AddressOfWebAsync(EngineProcess engine, string session) =>
        Assert
            .Single(
                await engine.Client.ResolveAsync(new ResolveParameters("web.demo", "A", session), EngineProcess.Bound)
            )
            .IPAddress;
}
