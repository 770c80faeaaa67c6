using System.Diagnostics;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;
using Xunit.Abstractions;

namespace Telepresence.E2ETests.RealCluster;

/// <summary>What a user sees of a real Kubernetes, by programs of others.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class RealClusterTests(RealClusterFixture fixture, ITestOutputHelper output)
    : IClassFixture<RealClusterFixture>
{
    private const string Upload = "socat -t 60 STDIO TCP:web.demo:9000";

    private static readonly string _web = ClusterUnderTest.Namespace;

    [SkippableFact]
    public async Task Names_resolve_and_services_and_pods_answer()
    {
        await fixture.StartAsync();
        output.WriteLine($"connected in {fixture.ConnectTime.TotalMilliseconds:0} ms");
        var service = ClusterUnderTest.Field(_web, "service/web", ".spec.clusterIP");
        var pod = ClusterUnderTest.PodAddress(_web, "web");

        Assert.Equal(service, fixture.Workstation.Dig("+short", "web.demo", "A"));
        Assert.StartsWith(
            service,
            fixture.Workstation.Run("getent", "ahostsv4", "web.demo.svc.cluster.local").Require(),
            StringComparison.Ordinal
        );
        foreach (var url in new[] { "http://web.demo/", $"http://{service}/", $"http://{pod}:8080/" })
        {
            Assert.Contains("page of web-", fixture.Workstation.Curl(url), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task The_clusters_own_name_server_answers_over_UDP()
    {
        await fixture.StartAsync();
        var server = ClusterUnderTest.Field("kube-system", "service/kube-dns", ".spec.clusterIP");
        Assert.Equal(
            ClusterUnderTest.Field(_web, "service/web", ".spec.clusterIP"),
            fixture.Workstation.Dig($"@{server}", "+notcp", "+short", "web.demo.svc.cluster.local", "A")
        );
    }

    [SkippableFact]
    public async Task What_is_sent_arrives_unchanged_both_ways()
    {
        await fixture.StartAsync();
        var digest = fixture.Workstation.Curl("http://web.demo/digest").Trim();
        var down = Timed("down", "curl -sS --noproxy '*' http://web.demo/bulk | sha256sum");
        Assert.Equal(digest, down);

        var file = Path.Combine(fixture.Workstation.Folder, "bulk");
        var local = fixture
            .Workstation.Run(
                "sh",
                "-c",
                $"head -c {ClusterUnderTest.BulkMebibytes}M /dev/urandom > {file}; sha256sum < {file}"
            )
            .Require();
        Assert.Equal(local.Split(' ')[0], Timed("up", $"{Upload} < {file}"));
    }

    [SkippableFact]
    public async Task The_manager_tells_its_health_and_what_it_carries()
    {
        await fixture.StartAsync();
        var manager = ClusterUnderTest.PodAddress(ClusterUnderTest.ManagerNamespace, "traffic-manager");
        Assert.Equal("ok\n", fixture.Workstation.Curl($"http://{manager}:9090/healthz"));
        Assert.Equal("ok\n", fixture.Workstation.Curl($"http://{manager}:9090/readyz"));
        var metrics = fixture.Workstation.Curl($"http://{manager}:9090/metrics");
        Assert.Contains("telepresence_client_count 1\n", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("telepresence_tunnel_egress_bytes 0\n", metrics, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_subnet_of_a_new_node_becomes_a_route()
    {
        await fixture.StartAsync();
        const string node = """
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "tp-new"}, "spec": {"podCIDR": "10.244.77.0/24", "podCIDRs": ["10.244.77.0/24"]}}
            """;
        var file = Path.Combine(fixture.Workstation.Folder, "node.json");
        await File.WriteAllTextAsync(file, node);
        Assert.DoesNotContain(
            fixture.Session.InterfaceAlias,
            fixture.Workstation.RouteTo("10.244.77.9"),
            StringComparison.Ordinal
        );
        ClusterUnderTest.Kubectl("create", "-f", file);
        try
        {
            await RouteAsync(isThere: true);
        }
        finally
        {
            ClusterUnderTest.Kubectl("delete", "node", "tp-new");
        }
        await RouteAsync(isThere: false);

        async Task RouteAsync(bool isThere)
        {
            var bound = EngineProcess.Bound;
            while (
                fixture
                    .Workstation.RouteTo("10.244.77.9")
                    .Contains(fixture.Session.InterfaceAlias, StringComparison.Ordinal) != isThere
            )
            {
                await Task.Delay(50, bound);
            }
        }
    }

    [SkippableFact]
    public async Task A_deleted_manager_ends_a_download_and_the_session_comes_back()
    {
        await fixture.StartAsync();
        await LoseAsync(DeleteManager);
    }

    [SkippableFact]
    public async Task A_restarted_API_server_ends_a_download_and_the_session_comes_back()
    {
        await fixture.StartAsync();
        Skip.IfNot(
            ClusterUnderTest.ProcessesOf("kube-apiserver").Any(),
            "the cluster's API server is no process of this machine"
        );
        await LoseAsync(KillApiServer);
    }

    private static void DeleteManager() =>
        ClusterUnderTest.Kubectl(
            "-n",
            ClusterUnderTest.ManagerNamespace,
            "delete",
            "pod",
            "-l",
            "app=traffic-manager",
            "--wait=false"
        );

    /// <summary>What keeps it running there starts another one.</summary>
    private static void KillApiServer() =>
        Netns
            .NetworkNamespace.Execute("kill", "-KILL", $"{ClusterUnderTest.ProcessesOf("kube-apiserver").Single()}")
            .Require();

    private async Task LoseAsync(Action lose)
    {
        var lost = fixture.StateAsync(SessionState.Reconnecting);
        await using var download = ChildProcess.Start(
            fixture.Workstation.Net,
            [],
            "sh",
            [
                "-c",
                "curl -sS --noproxy '*' --limit-rate 1M http://web.demo/bulk | (head -c 100000 >/dev/null; echo begun; cat >/dev/null)",
            ]
        );
        await download.WaitForLineAsync(line => line == "begun");
        var begun = Stopwatch.GetTimestamp();
        lose();
        await lost;
        output.WriteLine($"Reconnecting after {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
        await download.WaitForExitAsync();
        Assert.Contains("curl: (", download.Error, StringComparison.Ordinal);
        await ConnectedAsync();
        output.WriteLine($"Connected after {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
        Assert.Contains("page of web-", fixture.Workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        var session = (await fixture.Engine.Client.ListSessionsAsync(EngineProcess.Bound)).Single();
        Assert.Equal(
            (fixture.Session.InterfaceAlias, fixture.Session.InterfaceIndex),
            (session.InterfaceAlias, session.InterfaceIndex)
        );
    }

    private async Task ConnectedAsync()
    {
        var connected = fixture.StateAsync(SessionState.Connected);
        var present = await fixture.Engine.Client.ListSessionsAsync(EngineProcess.Bound);
        if (present.Single().State != SessionState.Connected)
        {
            await connected;
        }
    }

    /// <summary>Runs a shell command that prints a digest, and tells the speed.</summary>
    private string Timed(string direction, string command)
    {
        var begun = Stopwatch.GetTimestamp();
        var digest = fixture.Workstation.Run("sh", "-c", command).Require().Split(' ')[0];
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        output.WriteLine($"{direction}: {int.Parse(ClusterUnderTest.BulkMebibytes) / seconds:0} MiB/s");
        return digest;
    }
}
