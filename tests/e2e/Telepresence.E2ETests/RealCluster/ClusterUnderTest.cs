using System.Diagnostics;
using System.Text.Json.Nodes;
using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.RealCluster;

/// <summary>
/// The Kubernetes cluster that <c>TELEPRESENCE_TEST_KUBECONFIG</c> gives an administrator, in the network namespace
/// <c>TELEPRESENCE_TEST_CLUSTER_NETNS</c> (<c>kube</c>); its nodes have the image <c>TELEPRESENCE_TEST_IMAGE</c>.
/// </summary>
internal static class ClusterUnderTest
{
    public const string ManagerNamespace = "ambassador";
    public const string Namespace = "demo";

    public static string Kubeconfig => Variable("TELEPRESENCE_TEST_KUBECONFIG") ?? "";

    public static string NetworkNamespace => Variable("TELEPRESENCE_TEST_CLUSTER_NETNS") ?? "kube";

    public static string Image => Variable("TELEPRESENCE_TEST_IMAGE") ?? "";

    /// <summary>Size of the transfers in MiB: little for every day, 1024 to show it.</summary>
    public static string BulkMebibytes => Variable("TELEPRESENCE_TEST_BULK_MIB") ?? "64";

    /// <summary>Skips the calling test where there is no such cluster.</summary>
    public static void Require()
    {
        Requires.All("cluster", "nft", "socat", "kubectl");
        Skip.If(Image.Length == 0, "TELEPRESENCE_TEST_IMAGE names no image of the traffic-manager");
        Skip.IfNot(
            File.Exists($"/run/netns/{NetworkNamespace}"),
            $"the cluster is in no network namespace {NetworkNamespace}"
        );
    }

    /// <summary>Runs kubectl as the administrator; must succeed.</summary>
    public static string Kubectl(params string[] arguments) =>
        Netns
            .NetworkNamespace.Execute("kubectl", [$"--kubeconfig={Kubeconfig}", "--request-timeout=60s", .. arguments])
            .Require()
            .Trim();

    /// <summary>A field of an object.</summary>
    public static string Field(string ns, string name, string path) =>
        Kubectl("-n", ns, "get", name, "-o", $"jsonpath={{{path}}}");

    /// <summary>Address of an app's only pod; those that were replaced may still be on their way out.</summary>
    public static string PodAddress(string ns, string app)
    {
        var pods = Kubectl("-n", ns, "get", "pod", "-l", $"app={app}", "-o", "json");
        return JsonNode.Parse(pods)!["items"]!
            .AsArray()
            .Where(pod => pod!["metadata"]!["deletionTimestamp"] is null)
            .Select(pod => (string)pod!["status"]!["podIP"]!)
            .Single();
    }

    /// <summary>Processes of a program in the cluster's network namespace, which is how a node's are told from others.</summary>
    public static IEnumerable<int> ProcessesOf(string program)
    {
        var inode = Netns.NetworkNamespace.Execute("stat", "-Lc", "%i", $"/run/netns/{NetworkNamespace}").Require();
        foreach (var process in Process.GetProcessesByName(program))
        {
            using (process)
            {
                var its = Netns.NetworkNamespace.Execute("stat", "-Lc", "%i", $"/proc/{process.Id}/ns/net");
                if (its.ExitCode == 0 && its.Output == inode)
                {
                    yield return process.Id;
                }
            }
        }
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
