using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Discovery;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

public sealed class KubernetesWorkloadsTests
{
    private const string Owner = """, "ownerReferences": [{"kind": "Deployment", "name": "web", "controller": true}]""";

    [Fact]
    public async Task What_no_other_workload_owns_is_followed()
    {
        using var patience = new CancellationTokenSource(ManagerFixture.Patience);
        await using var cluster = new FakeCluster();
        cluster.SetList("/apis/apps/v1/deployments", Workload("web", "shop"), Workload("web", "other"));
        cluster.SetList(
            "/apis/apps/v1/replicasets",
            Workload("web-6b47", "shop", Owner),
            Workload("alone", "shop"),
            Workload("web", "shop")
        );
        cluster.SetList("/apis/apps/v1/statefulsets");
        await using var workloads = new KubernetesWorkloads(
            cluster.Client,
            new DiscoveryOptions
            {
                Known = new ClusterFacts
                {
                    InstallId = "",
                    ManagerNamespace = FakeCluster.Namespace,
                    ServiceSubnets = [],
                    PodSubnets = [],
                    ManagerPodAddress = IPAddress.Loopback,
                },
                Dns = Substitute.For<IClusterDns>(),
                Time = new HurriedTimeProvider(),
                Logger = NullLogger.Instance,
            },
            null
        );
        var changes = Channel.CreateUnbounded<bool>();
        workloads.Changed += () => changes.Writer.TryWrite(true);

        while ((await workloads.ListAsync("shop", default)).Count < 3)
        {
            await changes.Reader.ReadAsync(patience.Token);
        }
        Assert.Null(await workloads.FindAsync("web-6b47", "shop", default));
        Assert.Equal(WorkloadKind.Deployment, (await workloads.FindAsync("web", "shop", default))!.Kind);
        cluster.SetList("/apis/apps/v1/statefulsets", Workload("db", "shop"));
        while (await workloads.FindAsync("db", "shop", default) is null)
        {
            await changes.Reader.ReadAsync(patience.Token);
        }
        // Also where the kind is not installed at first.
        cluster.SetList("/apis/argoproj.io/v1alpha1/rollouts", Workload("canary", "shop"));
        while (await workloads.FindAsync("canary", "shop", default) is not { Kind: WorkloadKind.Rollout })
        {
            await changes.Reader.ReadAsync(patience.Token);
        }
    }

    private static string Workload(string name, string ns, string more = "") =>
        $$$"""{"metadata": {"name": "{{{name}}}", "namespace": "{{{ns}}}", "uid": "{{{ns}}}-{{{name}}}"{{{more}}}} }""";
}
