using System.Diagnostics;
using System.Threading.Channels;
using Telepresence.E2ETests;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public sealed class ReflectorTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Event(string type, string name, int version) =>
        $$"""{"type":"{{type}}","object":{"metadata":{"name":"{{name}}","resourceVersion":"{{version}}"} } }""";

    private static (int Status, string Body) Page(string version, string next, params string[] names)
    {
        var items = names.Select(name => $$"""{"metadata":{"name":"{{name}}"} }""");
        var metadata = $$"""{"resourceVersion":"{{version}}","continue":"{{next}}"}""";
        return (200, $$"""{"metadata":{{metadata}},"items":[{{string.Join(',', items)}}]}""");
    }

    private static ReflectedKind<V1Namespace, string> Names =>
        new(
            "api/v1/namespaces",
            KubernetesJsonContext.Default.V1ListV1Namespace,
            KubernetesJsonContext.Default.V1Namespace,
            ns => ns.Metadata,
            ns => ns.Metadata.Name ?? ""
        );

    [Fact]
    public async Task Lists_pages_follows_changes_and_lists_anew_what_the_server_forgot()
    {
        const string gone = """{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}""";
        // The script of the server, one answer a request; then it refuses.
        (string Expects, (int, string) Answer)[] script =
        [
            ("limit=500", Page("10", "more", "a")),
            ("continue=more", Page("10", "", "b")),
            (
                "resourceVersion=10",
                (
                    200,
                    string.Join(
                        '\n',
                        Event("ADDED", "c", 11),
                        Event("DELETED", "a", 12),
                        Event("MODIFIED", "b", 13),
                        Event("BOOKMARK", "", 20)
                    )
                )
            ),
            ("resourceVersion=20", (503, "{}")),
            ("resourceVersion=20", (200, Event("ADDED", "d", 21) + "\n" + gone)),
            ("limit=500", Page("30", "", "d", "e")),
            ("resourceVersion=30", (410, """{"kind":"Status","code":410}""")),
            ("limit=500", Page("40", "", "f")),
        ];
        var requests = 0;
        List<string> unexpected = [];
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = request =>
            {
                var number = requests++;
                if (number >= script.Length)
                {
                    return (503, "{}");
                }
                if (!request.Path.Contains(script[number].Expects, StringComparison.Ordinal))
                {
                    unexpected.Add($"{number}: {request.Path}");
                }
                return script[number].Answer;
            },
        };
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = server.WriteKubeconfig(_folder) }
            )
        );
        Reflector<V1Namespace, string> reflector = new(client, Names, TimeProvider.System, new Random(1));
        var seen = Channel.CreateUnbounded<string>();
        List<string> failures = [];
        reflector.Changed += () => seen.Writer.TryWrite(string.Concat(reflector.Current.Order()));
        reflector.Failed += e => failures.Add($"{(int?)e.StatusCode}");
        using CancellationTokenSource stop = new(_patience);
        var running = reflector.RunAsync(stop.Token);
        List<string> sets = [];
        do
        {
            sets.Add(await seen.Reader.ReadAsync(stop.Token));
        } while (sets[^1] != "f");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        // What changed in a field that is not kept is no change.
        Assert.Equal(["ab", "abc", "bc", "bcd", "de", "f"], sets);
        Assert.Equal(["503", "410", "410"], failures.Take(3));
        Assert.Empty(unexpected);
        Assert.True(reflector.IsListed);
    }

    [SkippableFact]
    public async Task A_real_api_server_tells_of_a_new_namespace()
    {
        var kubeconfig = Environment.GetEnvironmentVariable("TELEPRESENCE_TEST_KUBECONFIG");
        Skip.If(string.IsNullOrEmpty(kubeconfig), "TELEPRESENCE_TEST_KUBECONFIG names no cluster");
        Requires.All("kubectl");
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = kubeconfig })
        );
        Reflector<V1Namespace, string> reflector = new(client, Names, TimeProvider.System, new Random(1));
        var news = Channel.CreateUnbounded<bool>();
        reflector.Changed += () => news.Writer.TryWrite(true);
        using CancellationTokenSource stop = new(_patience);
        var running = reflector.RunAsync(stop.Token);
        await news.Reader.ReadAsync(stop.Token);
        var name = $"tp-{Guid.NewGuid():N}";
        Assert.DoesNotContain(name, reflector.Current);
        await KubectlAsync(kubeconfig!, "create", "namespace", name);
        try
        {
            while (!reflector.Current.Contains(name))
            {
                await news.Reader.ReadAsync(stop.Token);
            }
        }
        finally
        {
            await KubectlAsync(kubeconfig!, "delete", "namespace", name, "--wait=false");
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task KubectlAsync(string kubeconfig, params string[] arguments)
    {
        using var kubectl = Process.Start(Requires.Find("kubectl")!, ["--kubeconfig", kubeconfig, .. arguments]);
        await kubectl.WaitForExitAsync();
        Assert.Equal(0, kubectl.ExitCode);
    }

    [Fact]
    public async Task A_list_whose_continuation_expired_is_read_again()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        var expired = true;
        await using FakeApiServer server = new(certificate)
        {
            Answer = request =>
            {
                if (!request.Path.Contains("continue=more", StringComparison.Ordinal))
                {
                    return Page("1", "more", "a");
                }
                (var was, expired) = (expired, false);
                return was ? (410, """{"kind":"Status","code":410}""") : Page("1", "", "b");
            },
        };
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = server.WriteKubeconfig(_folder) }
            )
        );
        var namespaces = await client.ListNamespaceAsync();
        Assert.Equal(["a", "b"], namespaces.Items.Select(ns => ns.Metadata.Name));
        Assert.Equal(4, server.Requests.Count);
    }
}
