using Telepresence.Engine.Session.Configuration;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Session.Configuration;

public sealed class PrecedenceTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tp-configuration-");
    private readonly Dictionary<string, string> _environment;

    public PrecedenceTests()
    {
        _environment = new()
        {
            ["HOME"] = Path.Combine(_directory.FullName, "home"),
            ["XDG_CONFIG_DIRS"] = $"{_directory.FullName}/first:{_directory.FullName}/second",
        };
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string? Variable(string name) => _environment.GetValueOrDefault(name);

    private string Write(string directory, string yaml)
    {
        var path = Path.Combine(_directory.FullName, directory, "telepresence", "config.yml");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, yaml);
        return path;
    }

    private static ClientConfiguration Layer(string yaml, string source = "cluster") =>
        ClientConfigurationReader.Read(yaml, new ConfigurationOrigin(source));

    [Fact]
    public void The_directories_of_the_three_systems()
    {
        Func<string, string?> none = name =>
            name switch
            {
                "HOME" => "/home/me",
                "APPDATA" => @"C:\Users\me\AppData\Roaming",
                "ProgramData" => @"C:\ProgramData",
                _ => null,
            };
        var linux = ConfigurationDirectories.Linux(none);
        Assert.Equal("/home/me/.config/telepresence", linux.User);
        Assert.Equal(["/etc/xdg/telepresence"], linux.System);
        var mac = ConfigurationDirectories.MacOS(none);
        Assert.Equal("/home/me/Library/Application Support/telepresence", mac.User);
        Assert.Equal(["/Library/Application Support/telepresence"], mac.System);
        var windows = ConfigurationDirectories.Windows(none);
        Assert.Equal(@"C:\Users\me\AppData\Roaming\telepresence", windows.User);
        Assert.Equal([@"C:\ProgramData\telepresence"], windows.System);
    }

    [SkippableFact]
    public void The_users_file_wins_over_the_systems_and_each_value_knows_its_file()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the directories are those of Linux");
        var second = Write("second", "timeouts: {helm: 1s, endpointDial: 1s, roundtripLatency: 1s}\n");
        var first = Write("first", "timeouts:\n  endpointDial: 5s\n  roundtripLatency: 5s\n");
        var user = Write("home/.config", "# mine\ntimeouts:\n  roundtripLatency: 7s\n");
        var read = ConfigurationFiles.Read(Variable);
        Assert.Equal(new ConfigurationOrigin("config.yml", second, 1), read.Settings["timeouts.helm"].Origin);
        Assert.Equal(new ConfigurationOrigin("config.yml", first, 2), read.Settings["timeouts.endpointDial"].Origin);
        Assert.Equal(new ConfigurationOrigin("config.yml", user, 3), read.Settings["timeouts.roundtripLatency"].Origin);
        Assert.Equal(TimeSpan.FromSeconds(7), read.RoundtripLatency);
    }

    [Fact]
    public void A_value_that_is_the_built_in_one_does_not_hide_a_lower_layers_other_value()
    {
        var lower = Layer(
            "routing: {autoResolveConflicts: false, neverProxySubnets: [10.0.0.0/8]}\ndns: {lookupTimeout: 9s}"
        );
        var upper = Layer(
            "routing: {autoResolveConflicts: true, neverProxySubnets: []}\ndns: {lookupTimeout: 4s}",
            "config.yml"
        );
        var merged = upper.Over(lower);
        Assert.False(merged.AutoResolveConflicts);
        Assert.Equal("10.0.0.0/8", merged.Settings["routing.neverProxySubnets"].Text);
        Assert.Equal(TimeSpan.FromSeconds(9), merged.DnsLookup);
        Assert.All(merged.Settings.Values, s => Assert.Equal("cluster", s.Origin.Source));
    }

    [Fact]
    public void Lists_replace_lists()
    {
        var merged = Layer("routing: {neverProxySubnets: [10.1.0.0/16]}")
            .Over(Layer("routing: {neverProxySubnets: [10.2.0.0/16]}"));
        Assert.Equal("10.1.0.0/16", merged.Settings["routing.neverProxySubnets"].Text);
    }

    [Fact]
    public void Warnings_of_all_layers_are_kept() =>
        Assert.Equal(
            ["a is not a known key", "b is not a known key"],
            Layer("b: 1").Over(Layer("a: 1")).Warnings.Select(w => w.Message)
        );

    [Fact]
    public void Environment_variables_set_keys_and_say_so()
    {
        _environment["TELEPRESENCE_MANAGER_NAMESPACE"] = "tools";
        _environment["TELEPRESENCE_REGISTRY"] = "registry.example";
        var set = EnvironmentConfiguration.ManagerNamespace(Variable);
        Assert.Equal("tools", set.DefaultManagerNamespace);
        Assert.Equal("TELEPRESENCE_MANAGER_NAMESPACE", set.Settings["cluster.defaultManagerNamespace"].Origin.Source);
        Assert.Equal("registry.example", EnvironmentConfiguration.Overrides(Variable).Settings["images.registry"].Text);
    }

    [Fact]
    public void The_kubeconfig_extension_is_read_with_its_lines_in_both_forms()
    {
        const string head = """
            apiVersion: v1
            kind: Config
            clusters:
            - name: old
              cluster:
                server: https://127.0.0.1:1
                extensions:
                - name: telepresence.io
                  extension:
            """;
        const string tail = """

            contexts:
            - {name: c, context: {cluster: old, user: u}}
            users:
            - {name: u, user: {}}
            current-context: c
            """;
        const string kebab = """

                    manager: {namespace: tools}
                    also-proxy: [10.1.0.0/16]
                    never-proxy: [10.2.0.0/16]
                    allow-conflicting-subnets: [10.3.0.0/16]
                    dns:
                      local-ip: 8.8.8.8
                      remote-ip: 10.0.0.10
                      exclude-suffixes: [.example]
                      include-suffixes: [.com]
                      excludes: [skip]
                      mappings: [{name: db, aliasFor: db.prod}]
                      lookup-timeout: 30s
            """;
        var read = Extension(head + kebab + tail);
        Assert.Empty(read.Warnings);
        Assert.Equal("tools", read.DefaultManagerNamespace);
        Assert.Equal("10.1.0.0/16", read.Settings["routing.alsoProxySubnets"].Text);
        Assert.Equal("10.2.0.0/16", read.Settings["routing.neverProxySubnets"].Text);
        Assert.Equal("10.3.0.0/16", read.Settings["routing.allowConflictingSubnets"].Text);
        Assert.Equal(13, read.Settings["routing.allowConflictingSubnets"].Origin.Line);
        Assert.Equal("8.8.8.8", read.Settings["dns.localIP"].Text);
        Assert.Equal("10.0.0.10", read.Settings["dns.remoteIP"].Text);
        Assert.Equal([".example"], read.DnsExcludeSuffixes!);
        Assert.Equal([".com"], read.DnsIncludeSuffixes!);
        Assert.Equal(["skip"], read.DnsExcludes!);
        Assert.Equal("db=db.prod", read.Settings["dns.mappings"].Text);
        Assert.Equal(TimeSpan.FromSeconds(30), read.DnsLookup);

        var fragment = Extension(
            head
                + "\n        routing: {neverProxySubnets: [10.9.0.0/16]}\n        cluster: {defaultManagerNamespace: new}"
                + tail
        );
        Assert.Empty(fragment.Warnings);
        Assert.Equal("10.9.0.0/16", fragment.Settings["routing.neverProxySubnets"].Text);
        Assert.Equal("new", fragment.DefaultManagerNamespace);
    }

    private ClientConfiguration Extension(string kubeconfig)
    {
        var path = Path.Combine(_directory.FullName, "kubeconfig");
        File.WriteAllText(path, kubeconfig);
        var cluster = KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = path }).Cluster;
        return KubeconfigExtension.Read(cluster);
    }

    [Fact]
    public void The_names_up_to_2_20_count_in_the_extension_alone() =>
        Assert.Contains(
            "never-proxy is not a known key",
            Assert.Single(Layer("never-proxy: [10.0.0.0/8]").Warnings).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_file_that_is_not_UTF8_is_an_error_that_names_it()
    {
        var path = Path.Combine(_directory.FullName, "latin1.yml");
        File.WriteAllBytes(path, [.. "a: "u8, 0xe9, .. "\n"u8]);
        var error = Assert.Throws<InvalidConfigurationException>(() => ConfigurationFiles.ReadText(path));
        Assert.StartsWith($"{path}: it is not UTF-8", error.Message, StringComparison.Ordinal);
    }
}
