using System.Security.Cryptography;
using Telepresence.Kubernetes;
using Telepresence.Sandbox;
using Telepresence.UnitTests.Sandbox;

namespace Telepresence.UnitTests.Kubernetes;

/// <summary>Each way to carry a port, against an API server that kubectl talks to as well.</summary>
public sealed class PortForwardTransportTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    private const string EchoPath = "api/v1/namespaces/demo/pods/echo-0/portforward";

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    private static KubernetesClient Client(SandboxCluster cluster) =>
        new(KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = cluster.KubeconfigPath }));

    [Theory]
    [InlineData(PortForwardTransport.WebSocketChannels)]
    [InlineData(PortForwardTransport.WebSocketTunnel)]
    [InlineData(PortForwardTransport.Spdy)]
    public async Task Bytes_travel_both_ways_at_once(object transport)
    {
        using var client = Client(sandbox.Cluster);
        await using var stream = await OpenAsync(client, (PortForwardTransport)transport, 7);
        // More than any window or queue on the way holds.
        var sent = RandomNumberGenerator.GetBytes(8_000_003);
        var writing = stream.WriteAsync(sent, Deadline).AsTask();
        var received = new byte[sent.Length];
        await stream.ReadExactlyAsync(received, Deadline);
        await writing;
        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received));
    }

    [Theory]
    [InlineData(PortForwardTransport.WebSocketChannels)]
    [InlineData(PortForwardTransport.WebSocketTunnel)]
    [InlineData(PortForwardTransport.Spdy)]
    public async Task A_port_that_nobody_listens_on_is_an_error_in_the_clusters_words(object transport)
    {
        using var client = Client(sandbox.Cluster);
        await using var stream = await OpenAsync(client, (PortForwardTransport)transport, 9);
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            stream.ReadAsync(new byte[10], Deadline).AsTask()
        );
        Assert.Equal(KubernetesErrorId.PortForwardFailed, error.ErrorId);
        Assert.Contains("error forwarding port 9 to pod echo-0", error.Message, StringComparison.Ordinal);
        Assert.Contains("echo-0.demo, port 9", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PortForwardTransport.WebSocketChannels)]
    [InlineData(PortForwardTransport.WebSocketTunnel)]
    [InlineData(PortForwardTransport.Spdy)]
    public async Task A_pending_read_ends_when_the_stream_is_closed(object transport)
    {
        using var client = Client(sandbox.Cluster);
        var stream = await OpenAsync(client, (PortForwardTransport)transport, 7);
        await stream.WriteAsync("a"u8.ToArray(), Deadline);
        await stream.ReadExactlyAsync(new byte[1], Deadline);
        var reading = stream.ReadAsync(new byte[1], Deadline).AsTask();
        await stream.DisposeAsync();
        try
        {
            Assert.Equal(0, await reading.WaitAsync(Deadline));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or KubernetesException)
        {
            Assert.False(Deadline.IsCancellationRequested);
        }
    }

    [Fact]
    public async Task A_user_who_may_only_create_gets_through_by_SPDY_and_starts_with_it_the_next_time()
    {
        await using var cluster = await SandboxCluster.StartAsync(
            new SandboxOptions { PortForward = PortForwardAccess.CreateOnly },
            Deadline
        );
        using var client = Client(cluster);
        var forward = new PortForward(client);
        Assert.Null(forward.Proven);
        for (var i = 0; i < 2; i++)
        {
            await using var stream = await forward.ConnectAsync("demo", "echo-0", 7, Deadline);
            await stream.WriteAsync("hello"u8.ToArray(), Deadline);
            var echoed = new byte[5];
            await stream.ReadExactlyAsync(echoed, Deadline);
            Assert.Equal("hello"u8.ToArray(), echoed);
            Assert.Equal(PortForwardTransport.Spdy, forward.Proven);
        }
    }

    [Fact]
    public async Task SPDY_alone_when_forced()
    {
        using var client = Client(sandbox.Cluster);
        var forward = new PortForward(client, forceSpdy: true);
        await using var stream = await forward.ConnectAsync("demo", "echo-0", 7, Deadline);
        Assert.Equal(PortForwardTransport.Spdy, forward.Proven);
    }

    [Fact]
    public async Task A_pod_that_is_not_there_is_not_found_by_any_transport()
    {
        using var client = Client(sandbox.Cluster);
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            new PortForward(client).ConnectAsync("demo", "nobody", 7, Deadline)
        );
        Assert.Equal(KubernetesErrorId.KubernetesObjectNotFound, error.ErrorId);
    }

    [Fact]
    public async Task A_refused_WebSocket_is_followed_by_SPDY_in_this_order_and_not_asked_again()
    {
        var folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            // As a proxy that passes no upgrades; and as Kubernetes, whose port-forward offers no media type to choose.
            Answer = request =>
                request.Headers.ContainsKey("accept")
                    ? (406, """{"message":"Not Acceptable"}""")
                    : (400, """{"message":"Upgrade request required"}"""),
        };
        using var client = new KubernetesClient(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = server.WriteKubeconfig(folder) }
            )
        );
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            new PortForward(client).ConnectAsync("demo", "web-0", 7, Deadline)
        );
        Assert.Equal(KubernetesErrorId.PortForwardFailed, error.ErrorId);
        Assert.Equal(
            "No way to carry the port-forward works. Tried: WebSocket: Upgrade request required; "
                + "SPDY inside a WebSocket: Upgrade request required; SPDY: Upgrade request required",
            error.Message
        );
        Assert.Equal(["GET", "GET", "POST"], server.Requests.Select(r => r.Method));
        Directory.Delete(folder, recursive: true);
    }

    private static Task<Stream> OpenAsync(KubernetesClient client, PortForwardTransport transport, int port) =>
        PortForwardUpgrade.OpenAsync(client, transport, EchoPath, port, $"pod echo-0.demo, port {port}", Deadline);
}
