using System.Diagnostics;
using System.Text.Json;
using Telepresence.E2ETests;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

/// <summary>The same kubeconfig given to kubectl and to us must make the same request, or fail for both.</summary>
public sealed class KubectlParityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData("token: t")]
    [InlineData("token: 't '")]
    [InlineData("tokenFile: token")]
    [InlineData("token: stands-in, tokenFile: token")]
    [InlineData("token: stands-in, tokenFile: none")]
    [InlineData("tokenFile: none")]
    [InlineData("username: me, password: 'p:w'")]
    [InlineData("token: t, as: jane")]
    [InlineData("token: t, as: jane, as-uid: u1, as-groups: [a, b]")]
    [InlineData("token: t, as: jane, as-user-extra: {example.org/Scopes: [a, b], plain: [c]}")]
    [InlineData("token: t, as-groups: [a]")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin}")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: ./plugin}")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always, command: ./plugin}")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./plugin}")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: ./plugin}")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: no-such-plugin}")]
    [InlineData(
        "token: t, exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin}"
    )]
    [InlineData("auth-provider: {name: gcp}")]
    [InlineData("auth-provider: {name: oidc, config: {client-id: c, idp-issuer-url: 'https://i', id-token: TOKEN}}")]
    public async Task A_user_entry_makes_the_request_that_kubectl_makes(string user)
    {
        Requires.All("kubectl");
        var claims = Convert.ToBase64String("{\"exp\":4000000000}"u8).TrimEnd('=');
        await File.WriteAllTextAsync(Path.Combine(_folder, "token"), "of-file\n");
        var plugin = Path.Combine(_folder, "plugin");
        await File.WriteAllTextAsync(
            plugin,
            """
            #!/bin/sh
            v=$(printf %s "$KUBERNETES_EXEC_INFO" | sed 's/.*"apiVersion":"\([^"]*\)".*/\1/')
            echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"$v\",\"status\":{\"token\":\"of-plugin\"}}"
            """
        );
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        using var certificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(certificate) { Answer = _ => (200, """{"items":[]}""") };
        var kubeconfig = server.WriteKubeconfig(
            _folder,
            user: user.Replace("TOKEN", $"h.{claims}.s", StringComparison.Ordinal)
        );
        var (code, _) = await KubectlAsync(kubeconfig, "get", "--raw", "/api/v1/namespaces");
        var theirs = server.Requests.ToArray();
        server.Requests.Clear();
        var fault = await Record.ExceptionAsync(async () =>
        {
            using KubernetesClient client = new(
                KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = kubeconfig })
            );
            await client.ListNamespaceAsync();
        });
        if (code == 0)
        {
            Assert.Null(fault);
            Assert.Equal(Identity(theirs[^1]), Identity(Assert.Single(server.Requests)));
        }
        else
        {
            Assert.Contains("'fake'", Assert.IsType<KubernetesException>(fault).Message, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task A_list_of_files_is_merged_as_kubectl_merges_it()
    {
        Requires.All("kubectl");
        Random random = new(7);
        for (var round = 0; round < 25; round++)
        {
            var files = Enumerable.Range(0, 3).Select(n => WritePart(random, n)).ToArray();
            var list = string.Join(Path.PathSeparator, files);
            var (code, output) = await KubectlAsync(list, "config", "view", "--raw", "--minify", "-o", "json");
            var options = new KubeconfigOptions { Environment = name => name == "KUBECONFIG" ? list : null };
            if (code != 0)
            {
                continue;
            }
            using var view = JsonDocument.Parse(output);
            var context = view.RootElement.GetProperty("contexts")[0];
            var cluster = view.RootElement.GetProperty("clusters")[0].GetProperty("cluster");
            var ours = KubernetesClientConfiguration.BuildConfig(options);
            Assert.Equal(context.GetProperty("name").GetString(), ours.Context);
            Assert.Equal(Text(context.GetProperty("context"), "namespace") ?? "default", ours.Namespace);
            Assert.Equal(Text(cluster, "server"), ours.Cluster.Server);
            if (view.RootElement.GetProperty("users") is { ValueKind: JsonValueKind.Array } users)
            {
                Assert.Equal(Text(users[0].GetProperty("user"), "token"), ours.User.Token);
                Assert.Equal(
                    Text(users[0].GetProperty("user"), "tokenFile") is { } relative
                        ? Path.Combine(Path.GetDirectoryName(ours.User.File)!, relative)
                        : null,
                    ours.User.TokenFile
                );
            }
        }
    }

    private string WritePart(Random random, int number)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"f{number}")).FullName;
        var file = Path.Combine(folder, "config");
        if (random.Next(6) == 0)
        {
            File.Delete(file);
            return file;
        }
        var name = () => "abc"[random.Next(2)].ToString();
        var lines = new List<string> { "apiVersion: v1", "kind: Config" };
        if (random.Next(2) == 0)
        {
            lines.Add($"current-context: {name()}");
        }
        if (random.Next(3) > 0)
        {
            lines.Add(
                $"contexts: [{{name: {name()}, context: {{cluster: {name()}, user: {name()}, namespace: n{number}}}}}]"
            );
        }
        if (random.Next(3) > 0)
        {
            lines.Add(
                $"clusters: [{{name: a, cluster: {{server: 'https://a{number}:1', certificate-authority: ca}}}}, {{name: b, cluster: {{server: 'https://b{number}'}}}}]"
            );
        }
        if (random.Next(3) > 0)
        {
            lines.Add(
                $"users: [{{name: {name()}, user: {{token: t{number}}}}}]".Replace(
                    "token: t1",
                    "tokenFile: ../t1",
                    StringComparison.Ordinal
                )
            );
        }
        File.WriteAllLines(file, lines);
        return file;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } text ? text : null;

    private static SortedDictionary<string, string> Identity(FakeApiServer.Request request) =>
        new(
            request
                .Headers.Where(h =>
                    h.Key == "authorization" || h.Key.StartsWith("impersonate-", StringComparison.Ordinal)
                )
                .ToDictionary(h => h.Key, h => h.Value.Replace(", ", ",", StringComparison.Ordinal))
        );

    private static async Task<(int Code, string Output)> KubectlAsync(string kubeconfig, params string[] arguments)
    {
        var start = new ProcessStartInfo(Requires.Find("kubectl")!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KUBECONFIG"] = kubeconfig;
        using var kubectl = Process.Start(start)!;
        kubectl.StandardInput.Close();
        var errors = kubectl.StandardError.ReadToEndAsync();
        var output = await kubectl.StandardOutput.ReadToEndAsync();
        await Task.WhenAll(errors, kubectl.WaitForExitAsync());
        return (kubectl.ExitCode, output);
    }
}
