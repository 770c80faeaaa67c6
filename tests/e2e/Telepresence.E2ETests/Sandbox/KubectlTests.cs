using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Sandbox;

namespace Telepresence.E2ETests.Sandbox;

/// <summary>The sandbox's API as the real kubectl sees it; it talks to loopback only.</summary>
public sealed partial class KubectlTests : IAsyncLifetime
{
    private readonly string _home = Directory.CreateTempSubdirectory("tp-kubectl-").FullName;
    private SandboxCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await SandboxCluster.StartAsync(new SandboxOptions());

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [SkippableFact]
    public async Task Version_health_and_lists()
    {
        Requires.All("kubectl");
        Assert.Contains("telepresence-sandbox", await KubectlAsync("version"), StringComparison.Ordinal);
        Assert.Equal("ok", await KubectlAsync("get", "--raw", "/healthz"));
        var lists = await KubectlAsync("get", "ns,svc,pods,nodes", "-A");
        foreach (var name in (string[])["namespace/demo", "service/traffic-manager", "pod/web-0", "node/sandbox"])
        {
            Assert.Contains(name, lists, StringComparison.Ordinal);
        }
        var wide = await KubectlAsync("get", "svc,pods", "-n", "demo", "-o", "wide");
        Assert.Contains(_cluster.PodAddresses("web")[0].ToString(), wide, StringComparison.Ordinal);
        var service = JsonNode.Parse(await KubectlAsync("get", "svc", "web", "-n", "demo", "-o", "json"))!;
        Assert.Equal(_cluster.ServiceAddress("web").ToString(), (string?)service["spec"]!["clusterIP"]);
        Assert.Contains("Running", await KubectlAsync("describe", "pod", "web-0"), StringComparison.Ordinal);
        Assert.Contains(
            "yes",
            await KubectlAsync("auth", "can-i", "create", "pods/portforward"),
            StringComparison.Ordinal
        );
    }

    [SkippableFact]
    public async Task A_client_certificate_is_as_good_as_a_token()
    {
        Requires.All("kubectl");
        await using var cluster = await SandboxCluster.StartAsync(
            new SandboxOptions { Credential = SandboxCredential.ClientCertificate }
        );
        var user = await KubectlAsync(cluster, "auth", "whoami");
        Assert.Contains("sandbox-user", user, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("svc/web", 80, "true")]
    [InlineData("svc/web", 80, "false")]
    [InlineData("pod/web-1", 8080, "true")]
    public async Task Port_forward_carries_pages_and_uploads(string target, int port, string webSockets)
    {
        Requires.All("kubectl");
        using var process = Start(_cluster, webSockets, "port-forward", target, $":{port}", "-n", "demo");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
            var local = Forwarding().Match(line ?? "").Groups["port"].Value;
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{local}") };
            Assert.Contains(_cluster.PageToken, await client.GetStringAsync("/"), StringComparison.Ordinal);
            var content = await client.GetByteArrayAsync("/bytes?n=5000000&seed=3");
            using var response = await client.PutAsync("/sha256", new ByteArrayContent(content));
            Assert.Equal(
                await client.GetStringAsync("/sha256?n=5000000&seed=3"),
                await response.Content.ReadAsStringAsync()
            );
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    [SkippableFact]
    public async Task Workloads_of_every_kind_and_the_resource_of_Argo_Rollouts()
    {
        Requires.All("kubectl");
        Assert.Contains("rollouts.argoproj.io", await KubectlAsync("get", "crd"), StringComparison.Ordinal);
        Assert.Contains(
            "rollouts",
            await KubectlAsync("api-resources", "--api-group=argoproj.io"),
            StringComparison.Ordinal
        );
        var rollout = await GetAsync("rollouts/echo-rollout");
        var replicaSet = Assert.Single(
            (await GetAsync("rs"))["items"]!.AsArray(),
            o => OwnerOf(o!) == (string?)rollout["metadata"]!["uid"]
        );
        var pod = Assert.Single(
            (await GetAsync("pods"))["items"]!.AsArray(),
            o => OwnerOf(o!) == (string?)replicaSet!["metadata"]!["uid"]
        );
        Assert.StartsWith("echo-rollout-", (string?)pod!["metadata"]!["name"], StringComparison.Ordinal);
        Assert.Null((await GetAsync("rs/echo-bare"))["metadata"]!["ownerReferences"]);
        Assert.Equal(
            (string?)(await GetAsync("sts/echo-set"))["metadata"]!["uid"],
            OwnerOf(await GetAsync("pod/echo-set-0"))
        );
        Assert.Matches(@"echo-a-0\s+2/2", await KubectlAsync("get", "pods", "-n", "mesh"));
    }

    [SkippableFact]
    public async Task Port_forward_reaches_the_agent_of_a_pod()
    {
        Requires.All("kubectl");
        using var process = Start(_cluster, "true", "port-forward", "pod/echo-a-0", ":9900", "-n", "mesh");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
            var local = Forwarding().Match(line ?? "").Groups["port"].Value;
            using var channel = new GrpcChannel(async ct =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPEndPoint.Parse($"127.0.0.1:{local}"), ct);
                return new NetworkStream(socket, ownsSocket: true);
            });
            Assert.Equal("OSS Traffic Agent", (await new AgentClient(channel).Version()).Name);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    [SkippableFact]
    public async Task An_expired_certificate_is_refused()
    {
        Requires.All("kubectl");
        await using var cluster = await SandboxCluster.StartAsync(
            new SandboxOptions { ApiServerFault = ApiServerFault.ExpiredCertificate }
        );
        using var process = Start(cluster, "true", "get", "ns", "--request-timeout=30s");
        var error = await process.StandardError.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync();
        Assert.NotEqual(0, process.ExitCode);
        Assert.Contains("expired", error, StringComparison.Ordinal);
    }

    private async Task<JsonNode> GetAsync(string what) =>
        JsonNode.Parse(await KubectlAsync("get", what, "-n", "mesh", "-o", "json"))!;

    private static string? OwnerOf(JsonNode value) => (string?)value["metadata"]!["ownerReferences"]?[0]!["uid"];

    private Task<string> KubectlAsync(params string[] arguments) => KubectlAsync(_cluster, arguments);

    private async Task<string> KubectlAsync(SandboxCluster cluster, params string[] arguments)
    {
        using var process = Start(cluster, "true", arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"kubectl {string.Join(' ', arguments)}: {await error}");
        return output;
    }

    private Process Start(SandboxCluster cluster, string webSockets, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            Requires.Find("kubectl")!,
            ["--kubeconfig", cluster.KubeconfigPath, "--cache-dir", Path.Combine(_home, "cache"), .. arguments]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = _home;
        start.Environment["KUBECONFIG"] = cluster.KubeconfigPath;
        start.Environment["KUBECTL_PORT_FORWARD_WEBSOCKETS"] = webSockets;
        return Process.Start(start)!;
    }

    [GeneratedRegex(@"127\.0\.0\.1:(?<port>\d+)")]
    private static partial Regex Forwarding();
}
