using System.Net;
using System.Text.Json.Nodes;
using Telepresence.E2ETests;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public sealed class GenericClientTests : IDisposable
{
    private static readonly ResourceKind _configMaps = new("v1", "ConfigMap", "configmaps", IsNamespaced: true);
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-generic-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Calls_are_those_of_the_API()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate) { Answer = _ => (200, """{"metadata":{"name":"a b"}}""") };
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = server.WriteKubeconfig(_folder) }
            )
        );
        GenericClient maps = new(client, _configMaps);
        GenericClient roles = new(
            client,
            new ResourceKind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", IsNamespaced: false)
        );
        JsonObject body = new() { ["data"] = new JsonObject() };
        await maps.ApplyAsync(body, "n", "x", "me & you", force: true);
        await roles.ApplyAsync(body, null, "r", "me", force: false);
        await maps.CreateAsync(body, "n");
        Assert.True(await maps.DeleteAsync("n", "x", "Foreground"));
        Assert.NotNull(await maps.ReadAsync("n", "x"));
        Assert.Equal(
            [
                "PATCH /api/v1/namespaces/n/configmaps/x?fieldManager=me%20%26%20you&force=true application/apply-patch+yaml",
                "PATCH /apis/rbac.authorization.k8s.io/v1/clusterroles/r?fieldManager=me application/apply-patch+yaml",
                "POST /api/v1/namespaces/n/configmaps application/json",
                "DELETE /api/v1/namespaces/n/configmaps/x application/json",
                "GET /api/v1/namespaces/n/configmaps/x ",
            ],
            server.Requests.Select(request =>
                $"{request.Method} {request.Path} {request.Headers.GetValueOrDefault("content-type")}"
            )
        );
        Assert.Contains(
            "\"propagationPolicy\":\"Foreground\"",
            server.Requests.ElementAt(3).Body,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_is_not_there_is_null_or_false_and_no_error()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate);
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = server.WriteKubeconfig(_folder) }
            )
        );
        GenericClient maps = new(client, _configMaps);
        Assert.Null(await maps.ReadAsync("n", "x"));
        Assert.False(await maps.DeleteAsync("n", "x"));
        await Assert.ThrowsAsync<KubernetesException>(() => maps.CreateAsync([], "n"));
    }

    [SkippableFact]
    public async Task A_real_API_server_applies_keeps_others_fields_and_tells_of_conflicts()
    {
        Requires.All("cluster");
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions
                {
                    Kubeconfig = Environment.GetEnvironmentVariable("TELEPRESENCE_TEST_KUBECONFIG"),
                }
            )
        );
        GenericClient maps = new(client, _configMaps);
        var name = $"tp-apply-{Guid.NewGuid():N}";
        try
        {
            await maps.ApplyAsync(Map(name, ("a", "1"), ("b", "1")), "default", name, "one", force: false);
            await maps.ApplyAsync(Map(name, ("c", "2")), "default", name, "two", force: false);
            var conflict = await Assert.ThrowsAsync<KubernetesException>(() =>
                maps.ApplyAsync(Map(name, ("a", "2")), "default", name, "two", force: false)
            );
            Assert.Equal(HttpStatusCode.Conflict, conflict.StatusCode);
            Assert.Contains("one", conflict.Message, StringComparison.Ordinal);
            await maps.ApplyAsync(Map(name, ("a", "2")), "default", name, "two", force: true);
            // What "one" does not name any more goes, what "two" owns stays.
            await maps.ApplyAsync(Map(name), "default", name, "one", force: false);
            var found = await maps.ReadAsync("default", name);
            Assert.Equal("""{"a":"2"}""", found!["data"]!.ToJsonString());
        }
        finally
        {
            await maps.DeleteAsync("default", name);
        }
    }

    private static JsonObject Map(string name, params (string Key, string Value)[] data)
    {
        JsonObject values = [];
        foreach (var (key, value) in data)
        {
            values[key] = value;
        }
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["data"] = values,
        };
    }
}
