using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Telepresence.Kubernetes;
using Telepresence.UnitTests.Kubernetes;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

/// <summary>
/// An API server whose lists a test sets. A watch ends at once: with 410 where a list has changed, so that it is listed anew.
/// </summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    public const string Namespace = "ambassador";

    private readonly string _folder = Directory.CreateTempSubdirectory("tp-disco-").FullName;
    private readonly X509Certificate2 _certificate = FakeApiServer.CreateCertificate();
    private readonly ConcurrentDictionary<string, (int Status, string Body)> _answers = new();
    private readonly FakeApiServer _server;
    private int _version = 1;

    public FakeCluster()
    {
        _server = new FakeApiServer(_certificate) { Answer = Answer };
        Client = new KubernetesClient(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = _server.WriteKubeconfig(_folder) }
            )
        );
        Set($"/api/v1/namespaces/{Namespace}", """{"metadata": {"name": "ambassador", "uid": "the-uid"} }""");
        SetList($"/api/v1/namespaces/{Namespace}/configmaps");
        SetList(
            "/api/v1/namespaces",
            """{"metadata": {"name": "shop"} }""",
            """{"metadata": {"name": "kube-system"} }"""
        );
    }

    public KubernetesClient Client { get; }

    public IEnumerable<string> Requests => _server.Requests.Select(request => $"{request.Method} {request.Path}");

    /// <summary>What a path answers from now on, without the query.</summary>
    public void Set(string path, string body, int status = 200)
    {
        _answers[path] = (status, body);
        Interlocked.Increment(ref _version);
    }

    public void SetList(string path, params string[] items) =>
        Set(path, $$$"""{"metadata": {"resourceVersion": "VERSION"}, "items": [{{{string.Join(',', items)}}}]}""");

    public void Forbid(string path) => Set(path, """{"kind": "Status", "reason": "Forbidden", "code": 403}""", 403);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private (int Status, string Body) Answer(FakeApiServer.Request request)
    {
        var path = request.Path.Split('?')[0];
        if (!_answers.TryGetValue($"{(request.Method == "GET" ? "" : request.Method + " ")}{path}", out var answer))
        {
            return (404, """{"kind": "Status", "code": 404}""");
        }
        var version = Volatile.Read(ref _version).ToString();
        if (answer.Status != 200 || !request.Path.Contains("watch=true", StringComparison.Ordinal))
        {
            return (answer.Status, answer.Body.Replace("VERSION", version, StringComparison.Ordinal));
        }
        return request.Path.Contains($"resourceVersion={version}", StringComparison.Ordinal)
            ? (200, "")
            : (410, """{"kind": "Status", "code": 410}""");
    }
}
