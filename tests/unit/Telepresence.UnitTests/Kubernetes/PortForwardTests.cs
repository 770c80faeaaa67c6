using System.Security.Cryptography;
using System.Text;
using Telepresence.Engine.Manager;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public sealed class PortForwardTests : IDisposable
{
    private static readonly byte[] Data = [0, 0x91, 0x1f];
    private static readonly byte[] Error = [1, 0x91, 0x1f];

    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private KubernetesClient Client(FakeApiServer server) =>
        new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = server.WriteKubeconfig(_folder) }
            )
        );

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Fact]
    public async Task Carries_bytes_both_ways_and_ends_with_the_close_frame()
    {
        var sent = RandomNumberGenerator.GetBytes(300_000);
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate);
        server.PortForwarded = async stream =>
        {
            await stream.WriteAsync(FakeApiServer.Frame(2, Data));
            await stream.WriteAsync(FakeApiServer.Frame(2, Error));
            var echoed = 0;
            while (echoed < sent.Length)
            {
                var (opcode, payload) = await FakeApiServer.ReadFrameAsync(stream);
                Assert.Equal(2, opcode);
                Assert.Equal(0, payload[0]);
                await stream.WriteAsync(FakeApiServer.Frame(2, payload));
                echoed += payload.Length - 1;
            }
            await stream.WriteAsync(FakeApiServer.Frame(8, [3, 232]));
        };
        using var client = Client(server);
        await using var forward = await new PortForward(client).ConnectAsync("shop", "web-0", 8081, Deadline);
        var writing = forward.WriteAsync(sent, Deadline);
        using MemoryStream received = new();
        await forward.CopyToAsync(received, Deadline);
        await writing;
        Assert.Equal(sent, received.ToArray());
        Assert.Equal("/api/v1/namespaces/shop/pods/web-0/portforward?ports=8081", server.Requests.Single().Path);
    }

    [Fact]
    public async Task Joins_fragments_and_answers_pings()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate);
        TaskCompletionSource<byte[]> pong = new();
        server.PortForwarded = async stream =>
        {
            await stream.WriteAsync(FakeApiServer.Frame(2, [0, 1], final: false));
            await stream.WriteAsync(FakeApiServer.Frame(9, "hi"u8));
            await stream.WriteAsync(FakeApiServer.Frame(0, [2, (byte)'a'], final: false));
            await stream.WriteAsync(FakeApiServer.Frame(0, [(byte)'b']));
            var (opcode, payload) = await FakeApiServer.ReadFrameAsync(stream);
            Assert.Equal(10, opcode);
            pong.SetResult(payload);
            await stream.WriteAsync(FakeApiServer.Frame(2, [0, (byte)'c']));
        };
        using var client = Client(server);
        await using var forward = await new PortForward(client).ConnectAsync("shop", "web-0", 1, Deadline);
        using StreamReader reader = new(forward);
        Assert.Equal("abc", await reader.ReadToEndAsync(Deadline));
        Assert.Equal("hi"u8.ToArray(), await pong.Task);
    }

    [Fact]
    public async Task Text_on_the_error_channel_becomes_the_error()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate);
        server.PortForwarded = async stream =>
        {
            await stream.WriteAsync(FakeApiServer.Frame(2, Data));
            await stream.WriteAsync(FakeApiServer.Frame(2, Error));
            await stream.WriteAsync(FakeApiServer.Frame(2, [1, .. "connection refused in pod"u8]));
        };
        using var client = Client(server);
        await using var forward = await new PortForward(client).ConnectAsync("shop", "web-0", 9, Deadline);
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            forward.ReadAsync(new byte[10], Deadline).AsTask()
        );
        Assert.Equal(KubernetesErrorId.PortForwardFailed, error.ErrorId);
        Assert.Contains("connection refused in pod", error.Message, StringComparison.Ordinal);
        Assert.Contains("web-0.shop, port 9", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forbidden_upgrade_names_the_missing_verb()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = _ => (403, """{"message":"cannot get resource pods/portforward"}"""),
        };
        using var client = Client(server);
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            new PortForward(client).ConnectAsync("shop", "web-0", 9, Deadline)
        );
        Assert.Equal(KubernetesErrorId.PortForwardForbidden, error.ErrorId);
        Assert.Contains("'create'", error.Message, StringComparison.Ordinal);
        Assert.Contains("WebSocket: cannot get", error.Message, StringComparison.Ordinal);
        Assert.Equal("shop", error.TargetObject);
    }

    [Fact]
    public async Task Locates_the_manager_by_service_port_and_selector()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = request =>
                request.Path.Split('?')[0] switch
                {
                    "/api/v1/namespaces/tp/services/traffic-manager" => (
                        200,
                        """{"spec":{"clusterIP":"None","selector":{"app":"traffic-manager"},"ports":[{"name":"x","port":1},{"name":"api","port":8081}]}}"""
                    ),
                    "/api/v1/namespaces/tp/pods" => (
                        200,
                        """
                        {"items":[
                          {"metadata":{"name":"gone","deletionTimestamp":"2026-01-01T00:00:00Z"},"status":{"phase":"Running"}},
                          {"metadata":{"name":"fresh"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}]}},
                          {"metadata":{"name":"tm-1","uid":"u"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}]}
                        """
                    ),
                    _ => (404, "{}"),
                },
        };
        using var client = Client(server);
        ManagerLocator locator = new(client, new PortForward(client));
        Assert.Equal(new ManagerAddress("tp", "tm-1", "u", 8081), await locator.LocateAsync("tp", Deadline));
        var error = await Assert.ThrowsAsync<KubernetesException>(() => locator.LocateAsync("elsewhere", Deadline));
        Assert.Equal(KubernetesErrorId.ManagerNotFound, error.ErrorId);
        Assert.Contains("'elsewhere'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_watch_pods_waits_for_the_manager_by_listing_them()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        var lists = 0;
        await using FakeApiServer server = new(certificate)
        {
            Answer = request =>
                request.Path.Contains("/services/", StringComparison.Ordinal)
                    ? (
                        200,
                        """{"spec":{"clusterIP":"None","selector":{"app":"tm"},"ports":[{"name":"api","port":8081}]}}"""
                    )
                : request.Path.Contains("watch=true", StringComparison.Ordinal)
                    ? (403, """{"message":"cannot watch resource pods"}""")
                : ++lists < 3 ? (200, """{"items":[]}""")
                : (
                    200,
                    """
                    {"items":[{"metadata":{"name":"tm-1"},
                      "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}]}
                    """
                ),
        };
        using var client = Client(server);
        var address = await new ManagerLocator(client, new PortForward(client)).LocateAsync("tp", Deadline);
        Assert.Equal("tm-1", address.Pod);
        Assert.Single(server.Requests, request => request.Path.Contains("watch=true", StringComparison.Ordinal));
    }

    [Fact]
    public void The_mask_is_that_of_the_plain_loop_at_every_length_and_phase()
    {
        var source = RandomNumberGenerator.GetBytes(200);
        byte[] mask = [1, 2, 3, 250];
        for (var length = 0; length <= source.Length; length++)
        {
            for (var phase = 0; phase < 4; phase++)
            {
                var masked = new byte[length];
                WebSocketMask.Copy(source.AsSpan(0, length), masked, mask, phase);
                for (var i = 0; i < length; i++)
                {
                    Assert.Equal((byte)(source[i] ^ mask[(i + phase) & 3]), masked[i]);
                }
            }
        }
    }

    [Fact]
    public async Task Malformed_frames_never_throw_anything_but_the_typed_error()
    {
        Random random = new(7);
        var bytes = new byte[64];
        var buffer = new byte[32];
        for (var i = 0; i < 100_000; i++)
        {
            random.NextBytes(bytes);
            if ((i & 1) == 0)
            {
                // Half of them begin as a data frame does, to get further.
                Encoding.ASCII.GetBytes("\u0002").CopyTo(bytes, 0);
                bytes[0] |= 0x80;
                bytes[1] = (byte)random.Next(60);
                bytes[2] = (byte)random.Next(3);
            }
            await using PortForwardStream forward = new(new MemoryStream([.. bytes]), "fuzz");
            try
            {
                while (await forward.ReadAsync(buffer) > 0) { }
            }
            catch (KubernetesException)
            {
                continue;
            }
        }
    }
}
