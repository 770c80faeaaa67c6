using System.Text.Json;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

/// <summary>Credential plugins, here shell scripts.</summary>
public sealed class ExecPluginTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ExecPlugin Plugin(string script, ExecPluginConfig? config = null, TimeSpan? timeout = null)
    {
        Skip.If(OperatingSystem.IsWindows(), "the plugins of this test are shell scripts");
        var program = Path.Combine(_folder, "my-plugin");
        File.WriteAllText(program, "#!/bin/sh\n" + script);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        var authority = Path.Combine(_folder, "ca.pem");
        File.WriteAllText(authority, "CA");
        return new ExecPlugin(
            config ?? new ExecPluginConfig("my-plugin"),
            new KubernetesClientConfiguration
            {
                Server = new Uri("https://api.example:6443/"),
                Cluster = new KubeconfigCluster("c", "/kubeconfig")
                {
                    CertificateAuthority = authority,
                    ProxyUrl = "http://proxy:3128",
                    TlsServerName = "api",
                    ExecExtension = """{"audience":"x"}""",
                },
                User = new KubeconfigUser("jane", "/kubeconfig"),
                Environment = new Dictionary<string, string>
                {
                    ["PATH"] =
                        $"/no/such{Path.PathSeparator}{_folder}{Path.PathSeparator}/usr/bin{Path.PathSeparator}/bin",
                    ["OF_USER"] = "yes",
                },
                WorkingDirectory = _folder,
            },
            new KubernetesClientOptions { PluginTimeout = timeout ?? TimeSpan.FromMinutes(1) }
        );
    }

    private static string Answer(string status) =>
        $$"""echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{{status}}}'""";

    [SkippableFact]
    public async Task Runs_in_the_directory_and_environment_of_the_user_and_nothing_else()
    {
        var plugin = Plugin(
            "echo \"{\\\"status\\\":{\\\"token\\\":\\\"$OF_USER-$MINE-$DOTNET_ROOT$HOME-$(pwd)\\\"}}\"",
            new ExecPluginConfig("my-plugin") { Environment = [KeyValuePair.Create("MINE", "too")] }
        );
        var status = await plugin.RunAsync(CancellationToken.None);
        Assert.Equal($"yes-too--{_folder}", status.Token);
    }

    [SkippableFact]
    public async Task Is_told_the_cluster_where_it_asks()
    {
        var told = Path.Combine(_folder, "told");
        var plugin = Plugin(
            $"printf %s \"$KUBERNETES_EXEC_INFO\" > {told}\n{Answer("""{"token":"t"}""")}",
            new ExecPluginConfig("my-plugin") { ProvideClusterInfo = true, InteractiveMode = "Never" }
        );
        Assert.Equal("t", (await plugin.RunAsync(CancellationToken.None)).Token);
        using var info = JsonDocument.Parse(await File.ReadAllTextAsync(told));
        Assert.Equal("client.authentication.k8s.io/v1", info.RootElement.GetProperty("apiVersion").GetString());
        var spec = info.RootElement.GetProperty("spec");
        Assert.False(spec.GetProperty("interactive").GetBoolean());
        var cluster = spec.GetProperty("cluster");
        Assert.Equal("https://api.example:6443", cluster.GetProperty("server").GetString());
        Assert.Equal("Q0E=", cluster.GetProperty("certificate-authority-data").GetString());
        Assert.Equal("http://proxy:3128", cluster.GetProperty("proxy-url").GetString());
        Assert.Equal("api", cluster.GetProperty("tls-server-name").GetString());
        Assert.Equal("x", cluster.GetProperty("config").GetProperty("audience").GetString());
    }

    [SkippableTheory]
    [InlineData("echo no more >&2; exit 3", "exit code 3: no more")]
    [InlineData("head -c 3000000 /dev/zero | tr '\\0' e >&2; echo >&2; echo the cause >&2; exit 1", "eee\nthe cause")]
    [InlineData("true", "did not print an ExecCredential")]
    [InlineData("echo '{}'", "neither a token nor a certificate")]
    [InlineData(
        "echo '{\"status\":{\"clientCertificateData\":\"x\",\"token\":\"t\"}}'",
        "only one of certificate and key"
    )]
    [InlineData(
        "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"t\"}}'",
        "v1beta1"
    )]
    public async Task Failures_carry_file_user_and_the_plugins_words(string script, string words)
    {
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            Plugin(script).RunAsync(CancellationToken.None)
        );
        Assert.Equal(KubernetesErrorId.CredentialPluginFailed, error.ErrorId);
        Assert.Contains("user 'jane' in /kubeconfig", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1, 3000);
    }

    [SkippableTheory]
    [InlineData("client.authentication.k8s.io/v1", "Always", "has no terminal")]
    [InlineData("client.authentication.k8s.io/v1", "Sometimes", "none of Never, IfAvailable, Always")]
    [InlineData("client.authentication.k8s.io/v1alpha1", "Never", "v1alpha1")]
    public async Task What_cannot_be_run_is_not_run(string apiVersion, string mode, string words)
    {
        var ran = Path.Combine(_folder, "ran");
        var plugin = Plugin(
            $"touch {ran}",
            new ExecPluginConfig("my-plugin") { ApiVersion = apiVersion, InteractiveMode = mode }
        );
        var error = await Assert.ThrowsAsync<KubernetesException>(() => plugin.RunAsync(CancellationToken.None));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(ran));
    }

    [SkippableFact]
    public async Task A_missing_program_comes_with_the_hint_of_the_kubeconfig()
    {
        var plugin = Plugin("", new ExecPluginConfig("not-there") { InstallHint = "Get it from the shelf." });
        var error = await Assert.ThrowsAsync<KubernetesException>(() => plugin.RunAsync(CancellationToken.None));
        Assert.Contains("Get it from the shelf.", error.Message, StringComparison.Ordinal);
        Assert.Contains("no such program", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task One_that_waits_for_somebody_is_ended()
    {
        var plugin = Plugin("exec sleep 1000", timeout: TimeSpan.FromMilliseconds(50));
        var error = await Assert.ThrowsAsync<KubernetesException>(() => plugin.RunAsync(CancellationToken.None));
        Assert.Equal(KubernetesErrorId.CredentialPluginFailed, error.ErrorId);
        Assert.Contains("did not end within", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_cancelled_call_ends_it()
    {
        using CancellationTokenSource stop = new();
        var plugin = Plugin("exec sleep 1000").RunAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => plugin);
    }
}
