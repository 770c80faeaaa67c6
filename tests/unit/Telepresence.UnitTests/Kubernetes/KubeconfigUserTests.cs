using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Client.Contract;
using Telepresence.Client.Sessions;
using Telepresence.Engine.Session;
using Telepresence.Kubernetes;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Kubernetes;

/// <summary>What a user entry may say, and which of it counts.</summary>
public sealed class KubeconfigUserTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private KubernetesClientConfiguration Build(string user, string cluster = "", KubeconfigOptions? options = null)
    {
        var file = Path.Combine(_folder, "config");
        File.WriteAllText(
            file,
            $$"""
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u} }]
            clusters: [{name: c, cluster: {server: "https://c", {{cluster}} } }]
            users: [{name: u, user: { {{user}} } }]
            """
        );
        return KubernetesClientConfiguration.BuildConfig((options ?? new()) with { Kubeconfig = file });
    }

    private static async Task<HttpRequestMessage> ApplyAsync(
        KubernetesClientConfiguration configuration,
        TimeProvider? time = null
    )
    {
        using CredentialSource source = new(
            configuration,
            new KubernetesClientOptions { Time = time ?? TimeProvider.System }
        );
        HttpRequestMessage request = new();
        await source.ApplyAsync(request, CancellationToken.None);
        return request;
    }

    private static string? Authorization(HttpRequestMessage request) =>
        request.Headers.TryGetValues("Authorization", out var values) ? string.Join(',', values) : null;

    [Fact]
    public async Task Impersonation_names_user_uid_groups_and_extra()
    {
        var configuration = Build(
            "token: t, as: jane, as-uid: '7', as-groups: [a, b], as-user-extra: {example.org/Scopes: [view, 'a b'], reason: [x]}"
        );
        var headers = (await ApplyAsync(configuration)).Headers.ToDictionary(
            h => h.Key,
            h => string.Join('|', h.Value)
        );
        Assert.Equal("jane", headers["Impersonate-User"]);
        Assert.Equal("7", headers["Impersonate-Uid"]);
        Assert.Equal("a|b", headers["Impersonate-Group"]);
        Assert.Equal("view|a b", headers["Impersonate-Extra-example.org%2FScopes"]);
        Assert.Equal("x", headers["Impersonate-Extra-reason"]);
    }

    [Theory]
    [InlineData("token: t, as-groups: [a]", "without a user")]
    [InlineData("auth-provider: {name: gcp}", "gke-gcloud-auth-plugin")]
    [InlineData("auth-provider: {name: azure, config: {x: y}}", "kubelogin")]
    [InlineData("auth-provider: {name: oidc}", "oidc-login")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1}", "names no command")]
    public void What_nobody_can_do_is_refused_naming_file_and_user(string user, string advice)
    {
        var error = Assert.Throws<KubernetesException>(() => Build(user));
        Assert.Equal(KubernetesErrorId.KubeconfigInvalid, error.ErrorId);
        Assert.Contains($"'u' in {Path.Combine(_folder, "config")}", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_another_user_entry_asks_for_is_no_matter()
    {
        var file = Path.Combine(_folder, "two");
        File.WriteAllText(
            file,
            """
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://c"}}]
            users: [{name: u, user: {token: t}}, {name: v, user: {auth-provider: {name: gcp}, exec: {}}}]
            """
        );
        var options = new KubeconfigOptions { Kubeconfig = file };
        Assert.Equal("t", KubernetesClientConfiguration.BuildConfig(options).User.Token);
    }

    [Theory]
    [InlineData("token: given, auth-provider: {name: gcp}", "Bearer given")]
    [InlineData("token: given, exec: {command: no-such-program}", "Bearer given")]
    [InlineData("username: n, password: p, exec: {command: no-such-program}", "Basic bjpw")]
    [InlineData("username: n, token: given", "Bearer given")]
    [InlineData("token: 'given\n\n'", "Bearer given")]
    [InlineData("client-certificate: ''", null)]
    public async Task One_way_to_prove_the_user_wins(string user, string? authorization) =>
        Assert.Equal(authorization, Authorization(await ApplyAsync(Build(user))));

    [Fact]
    public async Task A_token_no_header_can_hold_is_refused()
    {
        var error = await Assert.ThrowsAsync<KubernetesException>(() => ApplyAsync(Build("token: \"a\\u00e9\"")));
        Assert.Equal(KubernetesErrorId.KubeconfigInvalid, error.ErrorId);
    }

    [Fact]
    public async Task A_token_file_is_read_again_each_minute_and_after_a_refusal()
    {
        var time = new ManualTimeProvider();
        var file = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(file, "one\n");
        using CredentialSource source = new(Build("tokenFile: token"), new KubernetesClientOptions { Time = time });

        async Task<string?> TokenAsync()
        {
            using HttpRequestMessage request = new();
            await source.ApplyAsync(request, CancellationToken.None);
            return Authorization(request);
        }

        Assert.Equal("Bearer one", await TokenAsync());
        await File.WriteAllTextAsync(file, "two");
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("Bearer one", await TokenAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Bearer two", await TokenAsync());
        await File.WriteAllTextAsync(file, "three");
        source.Invalidate();
        Assert.Equal("Bearer three", await TokenAsync());
        File.Delete(file);
        source.Invalidate();
        Assert.Equal("Bearer three", await TokenAsync());
    }

    [Fact]
    public async Task A_token_stands_in_for_a_token_file_that_cannot_be_read()
    {
        Assert.Equal("Bearer t", Authorization(await ApplyAsync(Build("token: t, tokenFile: none"))));
        var error = await Assert.ThrowsAsync<KubernetesException>(() => ApplyAsync(Build("tokenFile: none")));
        Assert.Contains(Path.Combine(_folder, "none"), error.Message, StringComparison.Ordinal);
        Assert.Contains("user 'u'", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_id_token_of_an_openid_provider_serves_until_it_expires()
    {
        var time = new ManualTimeProvider();
        var claims = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"exp":100,"a":"b"}""")).TrimEnd('=');
        var configuration = Build($"auth-provider: {{name: oidc, config: {{id-token: h.{claims}.s}}}}");
        Assert.Equal($"Bearer h.{claims}.s", Authorization(await ApplyAsync(configuration, time)));
        time.Advance(TimeSpan.FromSeconds(100));
        var error = await Assert.ThrowsAsync<KubernetesException>(() => ApplyAsync(configuration, time));
        Assert.Contains("kubectl version", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_no_token_has_no_expiry() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                claims =>
                {
                    var text = System.Buffers.Text.Base64Url.EncodeToString(claims);
                    _ = OpenIdToken.ReadExpiry($"a.{text}.b");
                    return OpenIdToken.ReadExpiry(Encoding.Latin1.GetString(claims)) is null;
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("yes", true)]
    [InlineData("on", true)]
    [InlineData("false", false)]
    [InlineData("no", false)]
    public void Flags_are_those_of_yaml_1_1(string text, bool expected) =>
        Assert.Equal(expected, Build("token: t", $"disable-compression: {text}").Cluster.DisableCompression);

    [Fact]
    public void In_a_pod_without_kubeconfig_the_service_account_counts()
    {
        File.WriteAllText(Path.Combine(_folder, "token"), "mine");
        File.WriteAllText(Path.Combine(_folder, "namespace"), "shop\n");
        File.WriteAllText(Path.Combine(_folder, "ca.crt"), "");
        Dictionary<string, string> environment = new()
        {
            ["HOME"] = Path.Combine(_folder, "nobody"),
            ["KUBERNETES_SERVICE_HOST"] = "fd00::1",
            ["KUBERNETES_SERVICE_PORT"] = "6443",
        };
        // As a client asks that was told nothing.
        var selection = UserContext.Complete(new ClusterSelection(), _folder, environment);
        var options = KubernetesClusterAccess.ToOptions(selection) with { ServiceAccountFolder = _folder };
        var configuration = KubernetesClientConfiguration.BuildConfig(options);
        Assert.Equal("https://[fd00::1]:6443/", configuration.Server.AbsoluteUri);
        Assert.Equal("shop", configuration.Namespace);
        Assert.Equal(Path.Combine(_folder, "token"), configuration.User.TokenFile);
        Assert.Equal(Path.Combine(_folder, "ca.crt"), configuration.Cluster.CertificateAuthority);
        Assert.Throws<KubernetesException>(() =>
            KubernetesClientConfiguration.BuildConfig(options with { Kubeconfig = Path.Combine(_folder, "chosen") })
        );
        environment.Remove("KUBERNETES_SERVICE_HOST");
        Assert.Throws<KubernetesException>(() => KubernetesClientConfiguration.BuildConfig(options));
    }

    [Fact]
    public void Server_and_token_need_no_kubeconfig()
    {
        Dictionary<string, string> environment = new() { ["HOME"] = Path.Combine(_folder, "nobody") };
        var selection = UserContext.Complete(
            new ClusterSelection { Server = "https://a", Token = "t" },
            _folder,
            environment
        );
        var configuration = KubernetesClientConfiguration.BuildConfig(KubernetesClusterAccess.ToOptions(selection));
        Assert.Equal("t", configuration.User.Token);
    }
}
