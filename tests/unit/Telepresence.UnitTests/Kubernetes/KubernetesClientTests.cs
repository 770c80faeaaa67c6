using System.Net;
using System.Net.Sockets;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public sealed class KubernetesClientTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private KubernetesClient Client(
        FakeApiServer server,
        KubeconfigOptions? options = null,
        string user = "token: secret"
    ) =>
        new(
            KubernetesClientConfiguration.BuildConfig(
                (options ?? new()) with
                {
                    Kubeconfig = server.WriteKubeconfig(_folder, user: user),
                }
            ),
            new KubernetesClientOptions { Timeout = TimeSpan.FromSeconds(20) }
        );

    [Fact]
    public async Task Reads_a_service_with_the_token_of_the_kubeconfig()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = _ =>
                (
                    200,
                    """{"metadata":{"name":"web"},"spec":{"clusterIP":"10.0.0.1","ports":[{"name":"http","port":80,"targetPort":"x"}]}}"""
                ),
        };
        using var client = Client(server);
        var service = await client.ReadNamespacedServiceAsync("web", "shop");
        Assert.Equal("10.0.0.1", service.Spec.ClusterIP);
        Assert.Equal(80, Assert.Single(service.Spec.Ports!).Port);
        var request = Assert.Single(server.Requests);
        Assert.Equal("/api/v1/namespaces/shop/services/web", request.Path);
        Assert.Equal("Bearer secret", request.Headers["authorization"]);
    }

    [Fact]
    public async Task Sends_impersonation_and_server_name()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate) { Answer = _ => (200, """{"items":[]}""") };
        using var client = Client(
            server,
            new KubeconfigOptions
            {
                As = "jane",
                AsGroup = ["a", "b"],
                TlsServerName = "api.example",
            },
            "username: me, password: pw"
        );
        await client.ListNamespaceAsync();
        var headers = Assert.Single(server.Requests).Headers;
        Assert.Equal("jane", headers["impersonate-user"]);
        Assert.Equal("a,b", headers["impersonate-group"].Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("Basic bWU6cHc=", headers["authorization"]);
        Assert.Equal("api.example", headers["host"]);
    }

    [Fact]
    public async Task Follows_the_continue_token_of_a_long_list()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = request =>
                request.Path.Contains("continue=more", StringComparison.Ordinal)
                    ? (200, """{"items":[{"metadata":{"name":"b"}}]}""")
                    : (200, """{"metadata":{"continue":"more"},"items":[{"metadata":{"name":"a"}}]}"""),
        };
        using var client = Client(server);
        var pods = await client.ListNamespacedPodAsync("shop", "app=x");
        Assert.Equal(["a", "b"], pods.Items.Select(pod => pod.Metadata.Name));
    }

    [Theory]
    [InlineData(401, KubernetesErrorId.Unauthorized)]
    [InlineData(403, KubernetesErrorId.Forbidden)]
    [InlineData(404, KubernetesErrorId.KubernetesObjectNotFound)]
    [InlineData(500, KubernetesErrorId.KubernetesApiError)]
    public async Task Refusals_are_typed_and_carry_the_servers_words(int status, string id)
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = _ => (status, """{"kind":"Status","message":"because I say so"}"""),
        };
        using var client = Client(server);
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync());
        Assert.Equal(id, error.ErrorId);
        Assert.Contains("because I say so", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.RecommendedAction);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("null")]
    [InlineData("""{"items":7}""")]
    public async Task An_answer_that_is_no_object_is_a_typed_error(string body)
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate) { Answer = _ => (200, body) };
        using var client = Client(server);
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync());
        Assert.Equal(KubernetesErrorId.KubernetesApiError, error.ErrorId);
    }

    [Fact]
    public async Task An_expired_server_certificate_is_told_from_an_unknown_authority()
    {
        using var expired = FakeApiServer.CreateCertificate(DateTimeOffset.UtcNow.AddDays(-1));
        using var other = FakeApiServer.CreateCertificate(name: "other");
        await using FakeApiServer server = new(expired);
        using (var client = Client(server))
        {
            var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync());
            Assert.Equal(KubernetesErrorId.CertificateExpired, error.ErrorId);
        }
        await using FakeApiServer strange = new(other);
        using KubernetesClient distrusting = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions { Kubeconfig = strange.WriteKubeconfig(_folder, expired) }
            )
        );
        var untrusted = await Assert.ThrowsAsync<KubernetesException>(() => distrusting.ListNamespaceAsync());
        Assert.Equal(KubernetesErrorId.CertificateUntrusted, untrusted.ErrorId);
        Assert.Contains("cluster 'fake'", untrusted.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_untrusted_unless_checks_are_skipped()
    {
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate) { Answer = _ => (200, """{"items":[]}""") };
        using (var client = Client(server, new KubeconfigOptions { TlsServerName = "elsewhere.example" }))
        {
            var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync());
            Assert.Equal(KubernetesErrorId.CertificateUntrusted, error.ErrorId);
            Assert.Contains("elsewhere.example", error.Message, StringComparison.Ordinal);
        }
        using var careless = Client(
            server,
            new KubeconfigOptions { TlsServerName = "elsewhere.example", SkipCertificateCheck = true }
        );
        Assert.Empty((await careless.ListNamespaceAsync()).Items);
    }

    [Fact]
    public async Task A_closed_port_is_ClusterUnreachable()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions
                {
                    Server = $"https://127.0.0.1:{port}",
                    Environment = name => name == "HOME" ? _folder : null,
                }
            )
        );
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync());
        Assert.Equal(KubernetesErrorId.ClusterUnreachable, error.ErrorId);
    }

    [Fact]
    public async Task A_silent_server_is_ClusterUnreachable_within_the_timeout()
    {
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions
                {
                    Server = "https://silent.invalid",
                    Environment = n => n == "HOME" ? _folder : null,
                }
            ),
            new KubernetesClientOptions
            {
                Timeout = TimeSpan.FromMilliseconds(50),
                Connect = async (_, cancellationToken) =>
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    return Stream.Null;
                },
            }
        );
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync());
        Assert.Equal(KubernetesErrorId.ClusterUnreachable, error.ErrorId);
    }

    [SkippableFact]
    public async Task A_credential_plugin_gives_the_token_and_is_asked_again_after_401()
    {
        Skip.If(OperatingSystem.IsWindows(), "the plugin of this test is a shell script");
        var counter = Path.Combine(_folder, "count");
        var plugin = Path.Combine(_folder, "plugin.sh");
        await File.WriteAllTextAsync(
            plugin,
            $$"""
            #!/bin/sh
            echo x >> {{counter}}
            n=$(wc -l < {{counter}})
            echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\": {\"token\":\"$MARK$n\"} }"
            """
        );
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate)
        {
            Answer = r => r.Headers["authorization"] == "Bearer t2" ? (200, """{"items":[]}""") : (401, "{}"),
        };
        using var client = Client(
            server,
            user: $"exec: {{apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [{plugin}], env: [{{name: MARK, value: t}}] }}"
        );
        await client.ListNamespaceAsync();
        Assert.Equal(["Bearer t1", "Bearer t2"], server.Requests.Select(r => r.Headers["authorization"]));
    }

    [SkippableFact]
    public async Task A_failing_plugin_is_a_typed_error_with_its_words()
    {
        Skip.If(OperatingSystem.IsWindows(), "the plugin of this test is a shell command");
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate);
        using var client = Client(
            server,
            user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo please log in >&2; exit 3']}"
        );
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync());
        Assert.Equal(KubernetesErrorId.CredentialPluginFailed, error.ErrorId);
        Assert.Contains("please log in", error.Message, StringComparison.Ordinal);
    }
}
