using System.Threading.Channels;
using Telepresence.Client.Contract;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.UnitTests.Kubernetes;

namespace Telepresence.UnitTests.Session;

public sealed class NamespaceFollowerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-follow-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Namespaces_are_followed_where_they_may_be_watched(bool allowed)
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = request =>
                request.Method == "POST" ? (201, $$"""{"status":{"allowed":{{(allowed ? "true" : "false")}}} }""")
                : request.Path.Contains("watch=true", StringComparison.Ordinal)
                    ? (200, """{"type":"ADDED","object":{"metadata":{"name":"late","resourceVersion":"2"}}}""")
                : (200, """{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"early"}}]}"""),
        };
        using var access = KubernetesClusterAccess.Open(
            new ClusterSelection { Kubeconfig = server.WriteKubeconfig(_folder) },
            null,
            ClientConfiguration.Empty,
            TimeSpan.FromSeconds(60)
        );
        using CancellationTokenSource stop = new(TimeSpan.FromMinutes(1));
        var told = Channel.CreateUnbounded<IReadOnlyList<string>>();
        var following = access.FollowNamespacesAsync(
            async (names, token) => await told.Writer.WriteAsync(names, token),
            stop.Token
        );
        if (!allowed)
        {
            await following;
            Assert.DoesNotContain(server.Requests, request => request.Method == "GET");
            return;
        }
        IReadOnlyList<string> names;
        do
        {
            names = await told.Reader.ReadAsync(stop.Token);
        } while (!names.Contains("late"));
        Assert.Equal(["early", "late"], names.Order());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        Assert.Contains(server.Requests, r => r.Body.Contains("\"resource\":\"namespaces\"", StringComparison.Ordinal));
    }
}
