using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Sandbox;

namespace Telepresence.UnitTests.Session.Configuration;

/// <summary>
/// What the VPN document tells users to write has its effect on the plan of a connect: in config.yml, in the kubeconfig's
/// extension, and as client.yaml that a real manager serves. The VPN has 10.0.0.0/8, the cluster 10.129.0.0/16 and 10.244.0.0/16.
/// </summary>
public sealed class ConfiguredPlanTests : IDisposable
{
    private static readonly IPAddress _gateway = IPAddress.Parse("10.8.0.5");
    private static readonly IPAddress _own = IPAddress.Parse("10.8.0.6");
    private static readonly RoutingSnapshot _vpn = new(
        [new(IPNetwork.Parse("10.0.0.0/8"), _gateway, 7, "tun0", _own, 0, 254, 3, RouteKind.Unicast, false)],
        [new(7, "tun0", "tun", true, 1500, [IPNetwork.Parse("10.8.0.6/32")], [_own])]
    );

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tp-configuration-");

    public void Dispose() => _directory.Delete(recursive: true);

    public enum Place
    {
        ConfigYml,
        Cluster,
        Kubeconfig,
    }

    public static TheoryData<Place, string, string> Snippets
    {
        get
        {
            (string Yaml, string Expected)[] snippets =
            [
                ("", "10.129.0.0/16 Translate, 10.244.0.0/16 Translate"),
                (
                    "routing:\n  allowConflictingSubnets:\n  - 10.128.0.0/9\n",
                    "10.129.0.0/16 Allowed, 10.244.0.0/16 Allowed"
                ),
                ("routing:\n  allowConflictingSubnets: 10.128.0.0/9\n", "10.129.0.0/16 Allowed, 10.244.0.0/16 Allowed"),
                (
                    "routing:\n  allowConflictingSubnets: \"{10.128.0.0/9}\"\n",
                    "10.129.0.0/16 Allowed, 10.244.0.0/16 Allowed"
                ),
                (
                    "routing: {allowConflictingSubnets: [10.244.0.0/16]}\n",
                    "10.129.0.0/16 Translate, 10.244.0.0/16 Allowed"
                ),
                ("routing: {autoResolveConflicts: false}\n", "10.129.0.0/16 Refused, 10.244.0.0/16 Refused"),
                ("routing: {neverProxySubnets: [10.244.0.0/16]}\n", "10.129.0.0/16 Translate"),
                (
                    "routing: {alsoProxySubnets: [198.18.0.0/24]}\n",
                    "10.129.0.0/16 Translate, 10.244.0.0/16 Translate, 198.18.0.0/24 None"
                ),
            ];
            var data = new TheoryData<Place, string, string>();
            foreach (var place in Enum.GetValues<Place>())
            {
                foreach (var (yaml, expected) in snippets)
                    data.Add(place, yaml, expected);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Snippets))]
    public async Task A_snippet_has_its_effect_wherever_it_stands(Place place, string yaml, string expected)
    {
        var plan = await PlanAsync(place, yaml);
        Assert.Equal(
            expected,
            string.Join(
                ", ",
                plan.Conflicts.OrderBy(c => c.Subnet, StringComparer.Ordinal).Select(c => $"{c.Subnet} {c.Resolution}")
            )
        );
        Assert.Equal(!expected.Contains("Refused", StringComparison.Ordinal), plan.IsPossible);
        Assert.Equal(expected.Contains("Translate", StringComparison.Ordinal), plan.VirtualSubnet.Length > 0);
    }

    [Theory]
    [InlineData(Place.ConfigYml)]
    [InlineData(Place.Cluster)]
    [InlineData(Place.Kubeconfig)]
    public async Task An_own_virtual_subnet_is_taken(Place place)
    {
        var plan = await PlanAsync(place, "routing:\n  virtualSubnet: 100.96.0.0/12\n");
        Assert.Equal("100.96.0.0/12", plan.VirtualSubnet);
    }

    [Fact]
    public async Task A_changed_file_counts_for_the_next_connect()
    {
        await using var sandbox = await StartAsync("");
        var services = ServicesOfAUser.With(_vpn);
        var before = await PlanAsync(services, sandbox);
        WriteFile("routing: {autoResolveConflicts: false}\n");
        var after = await PlanAsync(services, sandbox);
        Assert.True(before.IsPossible);
        Assert.False(after.IsPossible);
    }

    private async Task<ConnectPlan> PlanAsync(Place place, string yaml)
    {
        await using var sandbox = await StartAsync(place == Place.Cluster ? yaml : "");
        if (place == Place.ConfigYml)
            WriteFile(yaml);
        if (place == Place.Kubeconfig && yaml.Length > 0)
            Extend(sandbox.KubeconfigPath, yaml);
        return await PlanAsync(ServicesOfAUser.With(_vpn), sandbox);
    }

    private static Task<SandboxCluster> StartAsync(string clientYaml) =>
        SandboxCluster.StartAsync(
            new SandboxOptions
            {
                ServiceSubnets = [IPNetwork.Parse("10.129.0.0/16")],
                PodSubnets = [IPNetwork.Parse("10.244.0.0/16")],
                ClientConfiguration = clientYaml,
            }
        );

    private Task<ConnectPlan> PlanAsync(SessionServices services, SandboxCluster sandbox)
    {
        var cluster = new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath, Environment = Environment };
        var settings = SessionSettings.Parse(new ConnectParameters { Cluster = cluster, TimeoutSeconds = 60 });
        return new SessionPlanning(services.WithConfiguration(cluster)).PlanAsync(
            settings,
            new Progress<ConnectStep>(),
            CancellationToken.None
        );
    }

    private Dictionary<string, string> Environment =>
        new()
        {
            ["HOME"] = _directory.FullName,
            ["APPDATA"] = _directory.FullName,
            ["ProgramData"] = _directory.FullName,
            ["XDG_CONFIG_DIRS"] = Path.Combine(_directory.FullName, "system"),
        };

    private void WriteFile(string yaml)
    {
        var file = ConfigurationFiles.UserFile(name => Environment.GetValueOrDefault(name));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, yaml);
    }

    private static void Extend(string kubeconfig, string yaml)
    {
        var text = File.ReadAllText(kubeconfig);
        var server = text.IndexOf("    server:", StringComparison.Ordinal);
        var lines = string.Concat(yaml.Split('\n').Select(line => $"        {line}\n"));
        File.WriteAllText(
            kubeconfig,
            text.Insert(server, $"    extensions:\n    - name: telepresence.io\n      extension:\n{lines}")
        );
    }
}
