using System.Runtime.Versioning;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Kubernetes;
using Telepresence.Sandbox;

namespace Telepresence.UnitTests.Session.Configuration;

/// <summary>Set-TelepresenceConfiguration's engine side: the user's file, and a sandbox's ConfigMap.</summary>
public sealed class ConfigurationChangesTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tp-configuration-");
    private readonly string _file;
    private readonly Dictionary<string, string> _environment;

    public ConfigurationChangesTests()
    {
        _environment = new()
        {
            ["HOME"] = _directory.FullName,
            ["APPDATA"] = _directory.FullName,
            ["ProgramData"] = _directory.FullName,
            ["XDG_CONFIG_DIRS"] = Path.Combine(_directory.FullName, "system"),
        };
        _file = ConfigurationFiles.UserFile(name => _environment.GetValueOrDefault(name));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    private static SessionServices Services { get; } = ServicesOfAUser.With(new RoutingSnapshot([], []));

    private static Task<ConfigurationChanged> SetAsync(ConfigurationChange change) =>
        new ConfigurationChanges(Services).ApplyAsync(change, Deadline);

    private ConfigurationChange Change(string key, params string[] values) =>
        new()
        {
            Scope = ConfigurationScope.Client,
            Key = key,
            Values = values,
            Cluster = new ClusterSelection { Environment = _environment },
        };

    private void Write(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        File.WriteAllText(_file, text);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_made()
    {
        var changed = await SetAsync(Change("routing.neverProxySubnets", "10.1.0.0/16,10.2.0.0/16", "fd00::/8"));
        Assert.Equal(
            "routing:\n  neverProxySubnets: [10.1.0.0/16, 10.2.0.0/16, 'fd00::/8']\n",
            File.ReadAllText(_file)
        );
        Assert.True(changed.IsChanged);
        Assert.Equal(_file, changed.Target);
        Assert.Equal(2, changed.Entry.Line);
        Assert.Equal("10.1.0.0/16, 10.2.0.0/16, fd00::/8", changed.Entry.Value);
        Assert.Equal([_file], Directory.GetFileSystemEntries(Path.GetDirectoryName(_file)!));
    }

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public async Task Comments_byte_order_mark_mode_and_link_stay()
    {
        Skip.If(OperatingSystem.IsWindows(), "modes and links are those of Unix");
        var real = Path.Combine(_directory.FullName, "dotfiles.yml");
        File.WriteAllText(real, "# mine\r\ndns: {lookupTimeout: 3s} # quick\r\n", new System.Text.UTF8Encoding(true));
        File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        File.CreateSymbolicLink(_file, real);
        await SetAsync(Change("dns.lookupTimeout", "5"));
        Assert.Equal(
            [0xef, 0xbb, 0xbf, .. "# mine\r\ndns: {lookupTimeout: 5s} # quick\r\n"u8],
            File.ReadAllBytes(real)
        );
        Assert.Equal(real, new FileInfo(_file).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(real));
    }

    [Fact]
    public async Task A_dry_run_and_a_value_that_is_there_write_nothing()
    {
        var planned = await SetAsync(Change("dns.lookupTimeout", "5s") with { DryRun = true });
        Assert.True(planned.IsChanged);
        Assert.Equal("5s", planned.Entry.Value);
        Assert.False(File.Exists(_file));
        await SetAsync(Change("dns.lookupTimeout", "5s"));
        Assert.False((await SetAsync(Change("dns.lookupTimeout", "5s"))).IsChanged);
    }

    [Theory]
    [InlineData("a: [\n")]
    [InlineData("routing: {virtualSubnet: nonsense}\n")]
    [InlineData("- a\n")]
    public async Task A_broken_file_is_left_alone(string text)
    {
        Write(text);
        var error = await Assert.ThrowsAsync<InvalidConfigurationException>(() =>
            SetAsync(Change("dns.lookupTimeout", "5s"))
        );
        Assert.StartsWith($"{_file}: line ", error.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(_file));
    }

    [Fact]
    public async Task A_wrong_value_can_be_mended()
    {
        Write("routing: {virtualSubnet: nonsense} # ?\n");
        await SetAsync(Change("routing.virtualSubnet", "100.10.20.0/24"));
        Assert.Equal("routing: {virtualSubnet: 100.10.20.0/24} # ?\n", File.ReadAllText(_file));
    }

    [Theory]
    [InlineData("routing.neverProxySubnet", "10.0.0.0/8", "did you mean routing.neverProxySubnets?")]
    [InlineData("dns.lookupTimeout", "soon", "dns.lookupTimeout 'soon' is not a duration")]
    [InlineData("routing.autoResolveConflicts", "perhaps", "must be true or false")]
    [InlineData("routing.neverProxySubnets", "10.0.0.1/8", "did you mean 10.0.0.0/8?")]
    [InlineData("cluster.defaultManagerNamespace", "a\nb: c", "control characters")]
    public async Task A_wrong_key_or_value_is_refused_before_anything_is_read(string key, string value, string expected)
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => SetAsync(Change(key, value)));
        Assert.Equal(nameof(ErrorId.InvalidParameter), error.Id);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_file));
    }

    [Fact]
    public async Task A_removed_key_shows_the_default()
    {
        Write("# a\ndns:\n  lookupTimeout: 9s\n  excludes: [x]\n");
        var changed = await SetAsync(Change("dns.lookupTimeout") with { Remove = true });
        Assert.Equal("# a\ndns:\n  excludes: [x]\n", File.ReadAllText(_file));
        Assert.True(changed.Entry.IsDefault);
        Assert.Equal("4s", changed.Entry.Value);
    }

    [Fact]
    public async Task The_clusters_ConfigMap_is_patched_and_the_manager_follows()
    {
        const string yaml = "# helm\nrouting:\n  allowConflictingSubnets: # the VPN\n  - 10.128.0.0/9\n";
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { ClientConfiguration = yaml },
            Deadline
        );
        var change = Change("routing.allowConflictingSubnets", "10.128.0.0/9", "100.64.0.0/10") with
        {
            Scope = ConfigurationScope.Cluster,
            Cluster = new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath, Environment = _environment },
        };
        var changed = await SetAsync(change);
        Assert.Equal("client.yaml of ConfigMap traffic-manager in namespace ambassador", changed.Target);
        Assert.Equal(yaml + "  - 100.64.0.0/10\n", sandbox.State.Current.ClientConfiguration);
        Assert.Equal("cluster", changed.Entry.Source);

        var result = await new ConfigurationQueries(Services, new SessionRegistry(Services)).GetAsync(
            new ConfigurationParameters { Scope = ConfigurationScope.Cluster, Cluster = change.Cluster },
            Deadline
        );
        var entry = result.Entries.Single(e => e.Key == "routing.allowConflictingSubnets");
        Assert.Equal("10.128.0.0/9, 100.64.0.0/10", entry.Value);
        Assert.Equal(3, entry.Line);
        Assert.False(entry.IsDefault);
    }

    [Fact]
    public async Task A_change_that_is_not_allowed_names_the_missing_rule()
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { ConfigMaps = ConfigMapAccess.ReadOnly },
            Deadline
        );
        var change = Change("dns.lookupTimeout", "5s") with
        {
            Scope = ConfigurationScope.Cluster,
            Cluster = new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath, Environment = _environment },
        };
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => SetAsync(change));
        Assert.Equal(nameof(ErrorId.Forbidden), error.Id);
        Assert.Contains(
            "resources [configmaps], resourceNames [traffic-manager], verbs [get, patch]",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_a_manager_there_is_nothing_to_change()
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { Manager = SandboxManager.None },
            Deadline
        );
        var change = Change("dns.lookupTimeout", "5s") with
        {
            Scope = ConfigurationScope.Cluster,
            Cluster = new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath, Environment = _environment },
        };
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => SetAsync(change));
        Assert.Equal(nameof(ErrorId.ManagerNotFound), error.Id);
    }

    [Fact]
    public async Task Somebody_elses_change_in_between_is_kept()
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { ClientConfiguration = "dns: {}\n" },
            Deadline
        );
        using var client = new KubernetesClient(
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = sandbox.KubeconfigPath })
        );
        var map = new ClusterConfigMap(client, "ambassador");
        var calls = 0;
        var (_, after) = await map.EditAsync(
            text =>
            {
                if (calls++ == 0)
                {
                    // Between our read and our write.
                    client
                        .PatchNamespacedConfigMapAsync(
                            new V1ConfigMap
                            {
                                Data = new Dictionary<string, string> { ["client.yaml"] = "dns: {} # theirs\n" },
                            },
                            "traffic-manager",
                            "ambassador",
                            Deadline
                        )
                        .GetAwaiter()
                        .GetResult();
                }
                return text + "# ours\n";
            },
            dryRun: false,
            Deadline
        );
        Assert.Equal(2, calls);
        Assert.Equal("dns: {} # theirs\n# ours\n", after);
        Assert.Equal(after, sandbox.State.Current.ClientConfiguration);
    }

    [Fact]
    public async Task The_effective_configuration_names_the_source_of_each_value()
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions
            {
                ClientConfiguration =
                    "routing:\n  autoResolveConflicts: false\n  neverProxySubnets: [10.9.0.0/16]\ndns: {lookupTimeout: 9s}\n",
            },
            Deadline
        );
        Write("dns:\n  lookupTimeout: 6s\nnonsense: 1\n");
        _environment["TELEPRESENCE_REGISTRY"] = "registry.example";
        var queries = new ConfigurationQueries(Services, new SessionRegistry(Services));
        var parameters = new ConfigurationParameters
        {
            AskCluster = true,
            Cluster = new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath, Environment = _environment },
        };
        var result = await queries.GetAsync(parameters, Deadline);
        var entries = result.Entries.ToDictionary(e => e.Key);
        Assert.Equal(("6s", "config.yml", 2), Facts("dns.lookupTimeout"));
        Assert.Equal(_file, entries["dns.lookupTimeout"].File);
        Assert.Equal(("false", "cluster", 2), Facts("routing.autoResolveConflicts"));
        Assert.Equal(("10.9.0.0/16", "cluster", 3), Facts("routing.neverProxySubnets"));
        Assert.Equal(("registry.example", "TELEPRESENCE_REGISTRY", 0), Facts("images.registry"));
        Assert.Equal(("20s", "default", 0), Facts("timeouts.clusterConnect"));
        Assert.Equal($"{_file}: line 3: nonsense is not a known key", Assert.Single(result.Warnings));

        var local = await queries.GetAsync(
            parameters with
            {
                Scope = ConfigurationScope.Client,
                AskCluster = false,
            },
            Deadline
        );
        Assert.True(local.Entries.Single(e => e.Key == "routing.autoResolveConflicts").IsDefault);

        (string, string, int) Facts(string key) => (entries[key].Value, entries[key].Source, entries[key].Line);
    }

    [Fact]
    public async Task Without_a_kubeconfig_this_machine_still_answers()
    {
        Write("dns: {lookupTimeout: 6s}\n");
        var missing = new ClusterSelection
        {
            Kubeconfig = Path.Combine(_directory.FullName, "none"),
            Environment = _environment,
        };
        var queries = new ConfigurationQueries(Services, new SessionRegistry(Services));
        var result = await queries.GetAsync(new ConfigurationParameters { Cluster = missing }, Deadline);
        Assert.Equal("6s", result.Entries.Single(e => e.Key == "dns.lookupTimeout").Value);
        await Assert.ThrowsAsync<KubernetesException>(() =>
            queries.GetAsync(
                new ConfigurationParameters
                {
                    Cluster = missing,
                    AskCluster = true,
                    Scope = ConfigurationScope.Client,
                },
                Deadline
            )
        );
    }
}
