using FsCheck;
using FsCheck.Fluent;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public sealed class ClusterProxyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Calls_and_port_forwards_go_through_the_proxy_of_the_cluster(bool socks)
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = _ => (200, """{"items":[]}"""),
            PortForwarded = stream => stream.WriteAsync(FakeApiServer.Frame(8, [3, 232])).AsTask(),
        };
        await using FakeProxy proxy = new(socks, server.Url);
        var kubeconfig = server.WriteKubeconfig(_folder);
        var text = await File.ReadAllTextAsync(kubeconfig);
        var url = proxy.Url.Replace("://", "://me:p%40ss@", StringComparison.Ordinal);
        // A name that only the proxy can find.
        await File.WriteAllTextAsync(
            kubeconfig,
            text.Replace(server.Url, "https://api.example:6443", StringComparison.Ordinal)
                .Replace("cluster: {server", $"cluster: {{proxy-url: \"{url}\", server", StringComparison.Ordinal)
        );
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = kubeconfig })
        );
        Assert.Empty((await client.ListNamespaceAsync()).Items);
        var connections = proxy.Asked.Count;
        Assert.All(proxy.Asked, asked => Assert.Equal(("api.example:6443", "me:p@ss"), asked));
        await using var stream = await new PortForward(client).ConnectAsync(
            "shop",
            "pod",
            8081,
            CancellationToken.None
        );
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        Assert.Contains(server.Requests, request => request.Path.Contains("portforward", StringComparison.Ordinal));
        Assert.InRange(proxy.Asked.Count, connections, connections + 1);
    }

    [Theory]
    [InlineData("ftp://proxy:21")]
    [InlineData("proxy")]
    [InlineData("socks4://proxy:1080")]
    public void An_unusable_proxy_url_is_refused_naming_cluster_and_file(string url)
    {
        var error = Assert.Throws<KubernetesException>(() =>
            ClusterProxy.OfCluster(new KubeconfigCluster("mine", "/file") { ProxyUrl = url })
        );
        Assert.Equal(KubernetesErrorId.KubeconfigInvalid, error.ErrorId);
        Assert.Contains("cluster 'mine' in /file", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://api.example", "HTTPS_PROXY", "http://proxy:3128")]
    [InlineData("https://api.example", "https_proxy", "proxy:3128")]
    [InlineData("http://api.example", "HTTP_PROXY", "http://proxy:3128")]
    public void The_environment_names_a_proxy(string server, string variable, string value) =>
        Assert.Equal(
            "http://proxy:3128/",
            ClusterProxy.OfEnvironment(new Uri(server), name => name == variable ? value : null)?.Address.AbsoluteUri
        );

    [Theory]
    [InlineData("https://api.example", "HTTP_PROXY")]
    [InlineData("https://127.0.0.1:6443", "HTTPS_PROXY")]
    [InlineData("https://[::1]:6443", "HTTPS_PROXY")]
    [InlineData("https://localhost", "HTTPS_PROXY")]
    public void Some_servers_have_none(string server, string variable) =>
        Assert.Null(ClusterProxy.OfEnvironment(new Uri(server), name => name == variable ? "http://proxy:3128" : null));

    [Fact]
    public void An_unusable_variable_is_refused_by_name()
    {
        var error = Assert.Throws<KubernetesException>(() =>
            ClusterProxy.OfEnvironment(new Uri("https://a"), name => name == "HTTPS_PROXY" ? "ldap://x" : null)
        );
        Assert.Contains("HTTPS_PROXY", error.Message, StringComparison.Ordinal);
    }

    // The cases of Go's golang.org/x/net/http/httpproxy, which kubectl uses.
    [Theory]
    [InlineData("*", "api.example", true)]
    [InlineData("example", "api.example", true)]
    [InlineData(".example", "api.example", true)]
    [InlineData(".api.example", "api.example", false)]
    [InlineData("*.example", "api.example", true)]
    [InlineData("pi.example", "api.example", false)]
    [InlineData("other, API.example", "api.example", true)]
    [InlineData("10.0.0.0/8", "10.1.2.3", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("10.1.2.3", "10.1.2.3", true)]
    [InlineData("fd00::/8", "[fd00::1]", true)]
    [InlineData("[fd00::1]:443", "[fd00::1]", true)]
    [InlineData("api.example:443", "api.example", true)]
    [InlineData("api.example:6443", "api.example", false)]
    [InlineData("", "api.example", false)]
    [InlineData(".", "api.example", false)]
    public void No_proxy_excepts_servers(string list, string host, bool excepted) =>
        Assert.Equal(excepted, NoProxyList.Parse(list).Contains(new Uri($"https://{host}")));

    [Fact]
    public void Any_list_of_exceptions_can_be_read()
    {
        var text = ArbMap.Default.ArbFor<string?>();
        Prop.ForAll(
                text,
                list =>
                {
                    NoProxyList.Parse(list).Contains(new Uri("https://10.0.0.1"));
                    return NoProxyList.Parse(list + ",api.example").Contains(new Uri("https://api.example"));
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
