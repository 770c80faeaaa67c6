using Telepresence.Engine.Manager;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Kubernetes;

public sealed class KubeconfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    private static KubeconfigOptions List(params string[] files) =>
        new() { Environment = name => name == "KUBECONFIG" ? string.Join(Path.PathSeparator, files) : null };

    [Fact]
    public void In_a_list_the_first_file_that_names_an_entry_wins_and_missing_files_are_skipped()
    {
        var a = Write(
            "a",
            """
            contexts: [{name: one, context: {cluster: c, user: u, namespace: first}}]
            clusters: [{name: c, cluster: {server: "https://a:1/", certificate-authority: ca.pem}}]
            """
        );
        var b = Write(
            "b",
            """
            current-context: one
            contexts: [{name: one, context: {cluster: c, user: u, namespace: second}}]
            clusters: [{name: c, cluster: {server: "https://b:1"}}]
            users: [{name: u, user: {token: t}}]
            """
        );
        var configuration = KubernetesClientConfiguration.BuildConfig(List(Path.Combine(_folder, "none"), a, b));
        Assert.Equal("https://a:1/", configuration.Server.AbsoluteUri);
        Assert.Equal("first", configuration.Namespace);
        Assert.Equal("t", configuration.User.Token);
        Assert.Equal(Path.Combine(_folder, "ca.pem"), configuration.Cluster.CertificateAuthority);
    }

    [Fact]
    public void Overrides_replace_what_the_context_says()
    {
        var file = Write(
            "a",
            """
            current-context: one
            contexts: [{name: one, context: {cluster: c, user: u}}, {name: two, context: {cluster: d, user: u}}]
            clusters: [{name: c, cluster: {server: "https://c"}}, {name: d, cluster: {server: "https://d/path"}}]
            users: [{name: u, user: {username: n, password: p}}]
            """
        );
        var configuration = KubernetesClientConfiguration.BuildConfig(
            new KubeconfigOptions
            {
                Kubeconfig = file,
                Context = "two",
                Token = "mine",
                Namespace = "ns",
                SkipCertificateCheck = true,
            }
        );
        Assert.Equal("https://d/path/", configuration.Server.AbsoluteUri);
        Assert.Equal("mine", configuration.User.Token);
        Assert.Null(configuration.User.Username);
        Assert.Equal("ns", configuration.Namespace);
        Assert.True(configuration.Cluster.InsecureSkipTlsVerify);
    }

    [Theory]
    [InlineData("manager: {namespace: old}", "old")]
    [InlineData("cluster: {defaultManagerNamespace: new}", "new")]
    public void The_extension_names_the_managers_namespace(string extension, string expected)
    {
        var file = Write(
            "a",
            $$"""
            clusters:
            - name: c
              cluster:
                server: https://c
                extensions: [{name: other, extension: 7}, {name: telepresence.io, extension: { {{extension}} } }]
            """
        );
        var cluster = KubeconfigReader.Load(new KubeconfigOptions { Kubeconfig = file }).Clusters["c"];
        Assert.Equal(expected, cluster.ManagerNamespace);
        Assert.Contains(expected, cluster.TelepresenceExtension, StringComparison.Ordinal);
        Assert.Equal(expected, ManagerLocator.ChooseNamespace(null, cluster, _ => "env"));
        Assert.Equal("mine", ManagerLocator.ChooseNamespace("mine", cluster, _ => "env"));
    }

    [Fact]
    public void The_managers_namespace_comes_from_environment_configuration_or_default()
    {
        KubeconfigCluster cluster = new("c", "f");
        Assert.Equal("env", ManagerLocator.ChooseNamespace(null, cluster, _ => "env", "configured"));
        Assert.Equal("configured", ManagerLocator.ChooseNamespace(null, cluster, _ => null, "configured"));
        Assert.Equal("ambassador", ManagerLocator.ChooseNamespace("", cluster, _ => "", ""));
    }

    [Fact]
    public void No_file_is_KubeconfigNotFound_naming_where_it_looked()
    {
        var file = Path.Combine(_folder, "none");
        var error = Assert.Throws<KubernetesException>(() => KubernetesClientConfiguration.BuildConfig(List(file)));
        Assert.Equal(KubernetesErrorId.KubeconfigNotFound, error.ErrorId);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_context_is_ContextNotFound_naming_those_that_exist()
    {
        var file = Write("a", "contexts: [{name: one, context: {cluster: c}}]");
        var error = Assert.Throws<KubernetesException>(() =>
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = file, Context = "x" })
        );
        Assert.Equal(KubernetesErrorId.ContextNotFound, error.ErrorId);
        Assert.Contains("one", error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clusters: [")]
    [InlineData("- just\n- a list")]
    [InlineData("a: b: c")]
    public void Malformed_yaml_is_KubeconfigInvalid(string text)
    {
        var error = Assert.Throws<KubernetesException>(() =>
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = Write("a", text) })
        );
        Assert.Equal(KubernetesErrorId.KubeconfigInvalid, error.ErrorId);
    }

    [Fact]
    public void Odd_shapes_never_throw_anything_but_the_typed_error()
    {
        string[] values =
        [
            "~",
            "7",
            "[]",
            "{}",
            "[{}]",
            "{a: b}",
            "[{name: c, cluster: 7}]",
            "''",
            "\"\\0\"",
            "*x",
            "!!int z",
        ];
        string[] keys = ["current-context", "contexts", "clusters", "users", "x"];
        Random random = new(1);
        for (var i = 0; i < 20_000; i++)
        {
            var lines = Enumerable
                .Range(0, random.Next(5))
                .Select(_ => $"{keys[random.Next(keys.Length)]}: {values[random.Next(values.Length)]}");
            // In memory where there is one: a hundred megabytes of tiny writes otherwise.
            var file = Write("fuzz", string.Join('\n', lines));
            try
            {
                KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = file });
            }
            catch (KubernetesException)
            {
                continue;
            }
        }
    }
}
