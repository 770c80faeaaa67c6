using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Telepresence.Sandbox;

namespace Telepresence.UnitTests.Sandbox;

public sealed class ApiServerTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    [Fact]
    public async Task Without_credentials_the_answer_is_a_401_status()
    {
        using var client = SandboxFixture.Client(sandbox.Cluster, authorized: false);
        using var response = await client.GetAsync("/api/v1/pods");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        var status = await response.Content.ReadFromJsonAsync<JsonObject>();
        Assert.Equal("Status", (string?)status!["kind"]);
        Assert.Equal("ok", await client.GetStringAsync("/healthz"));
    }

    [Fact]
    public async Task The_traffic_manager_is_a_headless_service_with_a_labelled_pod()
    {
        var service = await GetAsync("/api/v1/namespaces/ambassador/services/traffic-manager");
        Assert.Equal("None", (string?)service["spec"]!["clusterIP"]);
        Assert.Equal("api", (string?)service["spec"]!["ports"]![0]!["name"]);
        Assert.Equal(8081, (int)service["spec"]!["ports"]![0]!["port"]!);
        var pods = await GetAsync(
            "/api/v1/namespaces/ambassador/pods?labelSelector=app%3Dtraffic-manager,telepresence%3Dmanager"
        );
        Assert.Equal("traffic-manager-0", (string?)Assert.Single(pods["items"]!.AsArray())!["metadata"]!["name"]);
    }

    [Theory]
    [InlineData("labelSelector=app%3Dweb", 3)]
    [InlineData("labelSelector=app%3D%3Dweb&fieldSelector=metadata.namespace%3Ddemo", 2)]
    [InlineData("labelSelector=app%20in%20(web,bulk)&fieldSelector=metadata.namespace%3Ddemo", 3)]
    [InlineData(
        "labelSelector=app%20notin%20(web)&fieldSelector=metadata.namespace!%3Ddemo,metadata.namespace!%3Dmesh",
        1
    )]
    [InlineData("labelSelector=telepresence", 1)]
    [InlineData("fieldSelector=status.phase%3DPending", 0)]
    public async Task Selectors_choose(string query, int count)
    {
        var pods = await GetAsync("/api/v1/pods?" + query);
        Assert.Equal(count, pods["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_malformed_selector_and_an_unknown_object_are_statuses()
    {
        using var client = SandboxFixture.Client(sandbox.Cluster);
        using var malformed = await client.GetAsync("/api/v1/pods?labelSelector=%3D%3D%3D");
        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        using var unknown = await client.GetAsync("/api/v1/namespaces/demo/pods/none");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        var status = await unknown.Content.ReadFromJsonAsync<JsonObject>();
        Assert.Equal("pods \"none\" not found", (string?)status!["message"]);
    }

    [Fact]
    public async Task A_watch_brings_the_present_objects_and_stays_open()
    {
        using var client = SandboxFixture.Client(sandbox.Cluster);
        using var stream = new StreamReader(await client.GetStreamAsync("/api/v1/namespaces/demo/services?watch=true"));
        var line = await stream.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        var change = JsonNode.Parse(line!)!;
        Assert.Equal("ADDED", (string?)change["type"]);
        Assert.Equal("demo", (string?)change["object"]!["metadata"]!["namespace"]);
    }

    [Fact]
    public async Task Access_reviews_say_what_port_forward_will_say()
    {
        await using var cluster = await SandboxCluster.StartAsync(
            new SandboxOptions { PortForward = PortForwardAccess.CreateOnly, Manager = SandboxManager.None }
        );
        using var client = SandboxFixture.Client(cluster);
        Assert.True(await IsAllowedAsync(client, "create"));
        Assert.False(await IsAllowedAsync(client, "get"));
        using var forward = await client.GetAsync("/api/v1/namespaces/demo/pods/web-0/portforward?ports=8080");
        Assert.Equal(HttpStatusCode.Forbidden, forward.StatusCode);
        using var manager = await client.GetAsync("/api/v1/namespaces/ambassador/services/traffic-manager");
        Assert.Equal(HttpStatusCode.NotFound, manager.StatusCode);
    }

    [Fact]
    public async Task Two_sandboxes_with_identical_subnets_run_side_by_side()
    {
        await using var second = await SandboxCluster.StartAsync(new SandboxOptions());
        await using var third = await SandboxCluster.StartAsync(new SandboxOptions());
        Assert.Equal(second.ServiceAddress("web"), third.ServiceAddress("web"));
        Assert.NotEqual(await PageAsync(second), await PageAsync(third));
        Assert.Contains(second.PageToken, await PageAsync(second), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_left_in_the_file_system()
    {
        string directory;
        await using (var cluster = await SandboxCluster.StartAsync(new SandboxOptions()))
        {
            directory = cluster.StateDirectory;
            Assert.True(File.Exists(cluster.KubeconfigPath));
        }
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task Overlapping_or_tiny_subnets_are_typed_errors()
    {
        var overlap = new SandboxOptions { PodSubnets = [IPNetwork.Parse("10.0.0.0/8")] };
        var error = await Assert.ThrowsAsync<SandboxException>(() => SandboxCluster.StartAsync(overlap));
        Assert.Equal(SandboxErrorId.SubnetsInvalid, error.Id);
        var tiny = new SandboxOptions { ServiceSubnets = [IPNetwork.Parse("10.9.9.0/29")] };
        error = await Assert.ThrowsAsync<SandboxException>(() => SandboxCluster.StartAsync(tiny));
        Assert.Equal(SandboxErrorId.SubnetTooSmall, error.Id);
    }

    private static async Task<string> PageAsync(SandboxCluster cluster)
    {
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectCallback = async (context, cancellationToken) =>
                    new System.Net.Sockets.NetworkStream(
                        await cluster.Dialer.DialTcpAsync(
                            IPEndPoint.Parse($"{context.DnsEndPoint.Host}:{context.DnsEndPoint.Port}"),
                            cancellationToken
                        ),
                        ownsSocket: true
                    ),
            }
        );
        return await client.GetStringAsync(new Uri($"http://{cluster.ServiceAddress("web")}/"));
    }

    private static async Task<bool> IsAllowedAsync(HttpClient client, string verb)
    {
        var review = new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["resourceAttributes"] = new JsonObject
                {
                    ["verb"] = verb,
                    ["resource"] = "pods",
                    ["subresource"] = "portforward",
                },
            },
        };
        using var response = await client.PostAsJsonAsync(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            review
        );
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (bool)(await response.Content.ReadFromJsonAsync<JsonObject>())!["status"]!["allowed"]!;
    }

    private async Task<JsonObject> GetAsync(string path)
    {
        using var client = SandboxFixture.Client(sandbox.Cluster);
        return (await client.GetFromJsonAsync<JsonObject>(path))!;
    }
}
