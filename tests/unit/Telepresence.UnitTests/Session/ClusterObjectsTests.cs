using System.Collections.Concurrent;
using System.Net;
using Telepresence.Engine.Session;
using Telepresence.Kubernetes;
using Telepresence.UnitTests.Kubernetes;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Session;

public sealed class ClusterObjectsTests : IDisposable
{
    private const string Services = """
        {"metadata":{"resourceVersion":"1"},"items":[
          {"metadata":{"name":"web","namespace":"demo"},"spec":{"clusterIP":"10.96.0.5","clusterIPs":["10.96.0.5","fd00::5"]}},
          {"metadata":{"name":"headless","namespace":"demo"},"spec":{"clusterIP":"None"}}]}
        """;

    private const string Pods = """
        {"metadata":{"resourceVersion":"1"},"items":[
          {"metadata":{"name":"web-1","namespace":"demo"},"status":{"podIP":"10.244.0.7"}},
          {"metadata":{"name":"pending","namespace":"demo"}}]}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("tp-objects-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Objects_are_followed_from_the_first_look_on_and_not_before()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        // Told by the watch of pods once the test lets it.
        using SemaphoreSlim news = new(0);
        // A watch from there on proves that the change was taken.
        TaskCompletionSource taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ConcurrentQueue<string> asked = new();
        await using FakeApiServer server = new(certificate)
        {
            Answer = request =>
            {
                asked.Enqueue(request.Path);
                if (
                    request.Path.Contains("/pods?watch", StringComparison.Ordinal)
                    && request.Path.EndsWith("=2", StringComparison.Ordinal)
                )
                {
                    taken.TrySetResult();
                }
                return request.Path switch
                {
                    _ when request.Method == "POST" => (201, """{"status":{"allowed":true}}"""),
                    _ when request.Path.StartsWith("/api/v1/services?limit", StringComparison.Ordinal) => (
                        200,
                        Services
                    ),
                    _ when request.Path.StartsWith("/api/v1/pods?limit", StringComparison.Ordinal) => (200, Pods),
                    _ when request.Path.Contains("/pods?watch", StringComparison.Ordinal) && news.Wait(0) => (
                        200,
                        """{"type":"MODIFIED","object":{"metadata":{"name":"pending","namespace":"demo","resourceVersion":"2"},"status":{"podIP":"10.244.0.8"}}}"""
                    ),
                    _ => (200, ""),
                };
            },
        };
        using KubernetesClient client = new(Configuration(server));
        ObjectFollower follower = new(client, TimeProvider.System, new Random(1));
        // Its time stands still, so that no list comes too late.
        await using ClusterObjects objects = new(follower, new ManualTimeProvider());
        Assert.Empty(asked);
        Assert.Equal(
            [("10.244.0.7", "pod/web-1.demo"), ("10.96.0.5", "service/web.demo"), ("fd00::5", "service/web.demo")],
            Shown(await objects.GetAsync(default))
        );
        news.Release();
        await taken.Task.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Contains(("10.244.0.8", "pod/pending.demo"), Shown(await objects.GetAsync(default)));
    }

    [Fact]
    public async Task Who_may_not_follow_them_does_without()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate) { Answer = _ => (201, """{"status":{"allowed":false}}""") };
        using KubernetesClient client = new(Configuration(server));
        await using ClusterObjects objects = new(
            new ObjectFollower(client, TimeProvider.System, new Random(1)),
            TimeProvider.System
        );
        Assert.Empty(await objects.GetAsync(default));
        Assert.All(server.Requests, request => Assert.Equal("POST", request.Method));
    }

    [Fact]
    public async Task A_cluster_that_is_away_costs_three_seconds_and_no_error()
    {
        ManualTimeProvider time = new();
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate) { Answer = _ => (503, "{}") };
        using KubernetesClient client = new(Configuration(server));
        await using ClusterObjects objects = new(new ObjectFollower(client, time, new Random(1)), time);
        var looking = objects.GetAsync(default).AsTask();
        await time.TimerIsSetAsync(TimeSpan.FromSeconds(3));
        Assert.False(looking.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Empty(await looking);
    }

    [Fact]
    public async Task Without_an_API_server_nothing_is_known()
    {
        await using ClusterObjects objects = new(null, TimeProvider.System);
        Assert.Empty(await objects.GetAsync(default));
    }

    private KubernetesClientConfiguration Configuration(FakeApiServer server) =>
        KubernetesClientConfiguration.BuildConfig(
            new KubeconfigOptions { Kubeconfig = server.WriteKubeconfig(_folder) }
        );

    private static IEnumerable<(string, string)> Shown(IReadOnlyDictionary<IPAddress, string> objects) =>
        objects.Select(entry => (entry.Key.ToString(), entry.Value)).Order();
}
