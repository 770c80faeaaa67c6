using Telepresence.E2ETests.Netns;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.RealCluster;

/// <summary>
/// The only way from a workstation to the cluster: to its API server. A fence in the cluster's namespace rejects every other
/// packet that comes from there.
/// </summary>
internal sealed class ClusterLink : IDisposable
{
    private const string WorkstationAddress = "172.30.96.2";
    private const string ClusterAddress = "172.30.96.1";
    private readonly string _name = $"tp{Environment.ProcessId}";

    public ClusterLink(Workstation workstation, Uri apiServer)
    {
        var net = workstation.Net;
        net.Ip($"link add api0 type veth peer name {_name} netns {ClusterUnderTest.NetworkNamespace}");
        net.SetUp("api0", $"{WorkstationAddress}/30");
        InCluster("ip", "address", "add", $"{ClusterAddress}/30", "dev", _name);
        InCluster(
            "nft",
            $$"""
            table inet {{_name}} {
              chain fence_in { type filter hook input priority -190; policy accept;
                iifname "{{_name}}" ct status dnat drop
                iifname "{{_name}}" ip daddr {{apiServer.Host}} tcp dport {{apiServer.Port}} accept
                iifname "{{_name}}" reject
              }
              chain fence_forward { type filter hook forward priority -190; policy accept;
                iifname "{{_name}}" drop
                oifname "{{_name}}" drop
              }
            }
            """
        );
        InCluster("ip", "link", "set", _name, "up");
        net.Ip($"route add {apiServer.Host}/32 via {ClusterAddress}");
    }

    /// <summary>The interface goes with the workstation's namespace.</summary>
    public void Dispose() => InCluster("nft", "delete", "table", "inet", _name);

    private static void InCluster(params string[] command) =>
        NetworkNamespace.Execute("ip", ["netns", "exec", ClusterUnderTest.NetworkNamespace, .. command]).Require();
}
