using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>What config.yml, helm's client.yaml and parameters say, in a session with real routes.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class ConfigurationTests
{
    private const string ServiceSubnet = "10.96.0.0/16";
    private const string PodSubnet = "10.244.0.0/16";

    [SkippableFact]
    public async Task What_the_cluster_allows_wins_over_the_VPN_and_each_value_says_where_it_was_set()
    {
        Workstation.RequireTools();
        await using var workstation = await Workstation.StartAsync();
        workstation.Net.AddInterface("tun0", "172.20.0.1/16");
        workstation.Net.Ip("route add 10.0.0.0/8 dev tun0");
        var clientYaml = Path.Combine(workstation.Folder, "client.yaml");
        File.WriteAllText(clientYaml, "routing:\n  allowConflictingSubnets:\n  - 10.96.0.0/12\n");
        var config = Path.Combine(workstation.Home, ".config", "telepresence", "config.yml");
        Directory.CreateDirectory(Path.GetDirectoryName(config)!);
        File.WriteAllText(
            config,
            "# mine\nrouting:\n  neverProxySubnet: 10.1.0.0/16\n  neverProxySubnets: [10.244.0.0/16]\n"
        );
        var sandbox = await SandboxProcess.StartAsync(workstation, "--client-yaml", clientYaml);
        var engine = await EngineProcess.StartAsync(workstation);

        var session = await engine.ConnectAsync(
            sandbox,
            new SubnetSelection { NeverProxy = ["10.9.0.0/16"] },
            "configured"
        );

        Assert.Equal([ServiceSubnet], session.AllowConflictingSubnet);
        Assert.DoesNotContain(PodSubnet, session.Subnets.Concat(session.TranslatedSubnets));
        Assert.Contains(
            $"dev={session.InterfaceAlias}",
            workstation.RouteTo(sandbox.Addresses("demo/web")[0]),
            StringComparison.Ordinal
        );
        Assert.Contains("dev=tun0", workstation.RouteTo("10.244.0.1"), StringComparison.Ordinal);
        Assert.Contains(sandbox.PageToken, workstation.Curl("http://web.demo/"), StringComparison.Ordinal);
        Assert.Contains(
            $"{config}: line 3: routing.neverProxySubnet is not a known key; did you mean routing.neverProxySubnets?",
            engine.Log(),
            StringComparison.Ordinal
        );

        var result = await engine.Client.ConfigurationAsync(
            new ConfigurationParameters { Scope = ConfigurationScope.Effective, Session = "configured" },
            EngineProcess.Bound
        );
        var never = result.Entries.Single(e => e.Key == "routing.neverProxySubnets");
        Assert.Equal("10.9.0.0/16, 10.244.0.0/16", never.Value);
        Assert.Equal("-NeverProxy+config.yml:4", never.Origin);
        Assert.Equal(config, never.File);
        Assert.Equal("configured", never.Session);
        var allowed = result.Entries.Single(e => e.Key == "routing.allowConflictingSubnets");
        Assert.Equal(("10.96.0.0/12", "cluster", 2), (allowed.Value, allowed.Source, allowed.Line));
    }
}
