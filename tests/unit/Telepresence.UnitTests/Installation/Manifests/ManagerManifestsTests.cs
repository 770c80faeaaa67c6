using System.Diagnostics;
using System.Runtime.CompilerServices;
using Telepresence.E2ETests;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Engine.Installation.Values;
using Telepresence.Kubernetes;

namespace Telepresence.UnitTests.Installation.Manifests;

public class ManagerManifestsTests
{
    private const string UpdateVariable = "TELEPRESENCE_TEST_UPDATE";

    public static TheoryData<string, string> Installations =>
        new()
        {
            { "default", "{}" },
            {
                "namespaced",
                """
                    namespaces: [demo, shop]
                    prometheus: {port: 9090}
                    podCIDRStrategy: environment
                    podCIDRs: [10.42.0.0/16, "fd00:42::/56"]
                    image: {registry: registry.local, name: manager, tag: "1", pullPolicy: Never, imagePullSecrets: [{name: pull}]}
                    client:
                      connectionTTL: 12h
                      routing: {alsoProxySubnets: [10.9.0.0/16], neverProxySubnets: [10.8.0.0/16]}
                      dns: {includeSuffixes: [.corp]}
                    clientRbac: {create: true, subjects: [{kind: User, name: dev}, {kind: ServiceAccount, name: ci, namespace: tools}]}
                    workloads: {argoRollouts: {enabled: true}, replicaSets: {enabled: false}}
                    """
            },
            {
                "pod",
                """
                    hostNetwork: true
                    logLevel: debug
                    managerRbac: {create: false}
                    clientRbac: {create: true, subjects: [{kind: Group, name: developers}]}
                    resources: {limits: {memory: 256Mi}}
                    nodeSelector: {kubernetes.io/os: linux}
                    tolerations: [{key: infra, operator: Exists}]
                    podAnnotations: {note: "yes"}
                    podLabels: {team: infra, app: other}
                    priorityClassName: high
                    """
            },
        };

    /// <summary>TELEPRESENCE_TEST_UPDATE=1 writes the files anew; what changed is then reviewed as source.</summary>
    [Theory]
    [MemberData(nameof(Installations))]
    public void Manifests_are_those_on_file(string name, string values)
    {
        var text = string.Join(
            "---\n",
            ManagerManifests
                .Make("tools", ManagerValues.Read(ValuesText.Parse(values)))
                .Select(manifest => BlockYaml.Write(manifest.Body))
        );
        var file = DataFile(name);
        if (Environment.GetEnvironmentVariable(UpdateVariable) is not null)
        {
            File.WriteAllText(file, text);
        }
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), text);
    }

    [Fact]
    public void Every_object_says_whose_it_is_and_the_service_finds_the_pod()
    {
        var manifests = ManagerManifests.Make("tools", ManagerValues.Read([]));
        Assert.All(
            manifests,
            manifest =>
            {
                var labels = manifest.Body["metadata"]!["labels"]!;
                Assert.Equal("telepresence-powershell", (string?)labels["app.kubernetes.io/managed-by"]);
                Assert.Equal("tools", (string?)labels["telepresence.io/manager-namespace"]);
            }
        );
        var order = manifests.Select(manifest => ResourceKinds.All.ToList().IndexOf(manifest.Kind)).ToArray();
        Assert.Equal(0, order[0]);
        Assert.Equal("Deployment", manifests[^1].Kind.Kind);
        var service = manifests.Single(manifest => manifest.Kind == ResourceKinds.Service).Body["spec"]!;
        var pod = manifests[^1].Body["spec"]!["template"]!["metadata"]!["labels"]!;
        Assert.All(
            service["selector"]!.AsObject(),
            label => Assert.Equal((string?)label.Value, (string?)pod[label.Key])
        );
        Assert.Equal("None", (string?)service["clusterIP"]);
    }

    /// <summary>PROTOCOL §7.6: no verb that changes anything but the service probe, and no secret.</summary>
    [Theory]
    [MemberData(nameof(Installations))]
    public void The_manager_may_change_nothing(string name, string values)
    {
        var rules = ManagerManifests
            .Make("tools", ManagerValues.Read(ValuesText.Parse(values)))
            .Where(manifest => manifest.Kind == ResourceKinds.ClusterRole || manifest.Kind == ResourceKinds.Role)
            .Where(manifest => !manifest.Name.Contains("client") && !manifest.Name.Contains("connect"))
            .SelectMany(manifest => manifest.Body["rules"]!.AsArray())
            .ToArray();
        Assert.Equal(name == "pod", rules.Length == 0);
        foreach (var rule in rules)
        {
            var resources = rule!["resources"]!.AsArray().Select(r => (string?)r).ToArray();
            var verbs = rule["verbs"]!.AsArray().Select(v => (string?)v).ToArray();
            Assert.DoesNotContain("secrets", resources);
            Assert.DoesNotContain("*", resources.Concat(verbs));
            Assert.True(
                verbs.All(verb => verb is "get" or "list" or "watch")
                    || resources is ["services"] && verbs is ["create"],
                rule.ToJsonString()
            );
        }
    }

    /// <summary>With kubectl, the witness that is not ours; nothing is written.</summary>
    [SkippableTheory]
    [MemberData(nameof(Installations))]
    public async Task A_real_API_server_takes_them(string name, string values)
    {
        Requires.All("cluster");
        // Roles of all namespaces are in one that surely is there.
        var manifests = (await File.ReadAllTextAsync(DataFile(name)))
            .Replace("namespace: demo\n", "namespace: default\n", StringComparison.Ordinal)
            .Replace("namespace: shop\n", "namespace: default\n", StringComparison.Ordinal)
            .Replace("namespace: tools\n", "namespace: default\n", StringComparison.Ordinal);
        ProcessStartInfo start = new(
            "kubectl",
            [
                $"--kubeconfig={Environment.GetEnvironmentVariable("TELEPRESENCE_TEST_KUBECONFIG")}",
                "apply",
                "--server-side",
                "--dry-run=server",
                "--force-conflicts",
                "--filename=-",
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var kubectl = Process.Start(start)!;
        await kubectl.StandardInput.WriteAsync(manifests);
        kubectl.StandardInput.Close();
        var said = kubectl.StandardOutput.ReadToEndAsync();
        var errors = await kubectl.StandardError.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        Assert.True(kubectl.ExitCode == 0, $"{errors} ({values})");
        Assert.Contains(
            "deployment.apps/traffic-manager serverside-applied (server dry run)",
            await said,
            StringComparison.Ordinal
        );
    }

    private static string DataFile(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Data", $"{name}.yaml");
}
