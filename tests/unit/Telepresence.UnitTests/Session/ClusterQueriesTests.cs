using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Kubernetes;
using Telepresence.Protocol.Manager;
using Telepresence.Sandbox;

namespace Telepresence.UnitTests.Session;

public sealed class ClusterQueriesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-queries-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Contexts_of_a_merged_list_say_where_they_are_from()
    {
        var a = Path.Combine(_folder, "a");
        var b = Path.Combine(_folder, "b");
        File.WriteAllText(a, "contexts: [{name: z, context: {cluster: c, user: u, namespace: n}}]");
        File.WriteAllText(
            b,
            """
            current-context: z
            contexts: [{name: a, context: {cluster: none}}, {name: z, context: {cluster: other}}]
            clusters: [{name: c, cluster: {server: "https://c"}}]
            """
        );
        var contexts = ClusterQueries.Contexts(
            new ClusterSelection { Kubeconfig = string.Join(Path.PathSeparator, a, b) }
        );
        Assert.Equal(
            [("z", "c", "u", "n", "https://c", true, a), ("a", "none", "", "default", "", false, b)],
            contexts.Select(c => (c.Name, c.Cluster, c.User, c.Namespace, c.Server, c.IsCurrent, c.File))
        );
    }

    [Fact]
    public async Task Workloads_of_the_api_are_those_that_nothing_controls()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), timeout.Token);
        using var access = KubernetesClusterAccess.Open(
            new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath },
            null,
            ClientConfiguration.Empty,
            TimeSpan.FromSeconds(60)
        );
        var workloads = await access.GetWorkloadsAsync("demo", timeout.Token);
        var web = Assert.Single(workloads, workload => workload.Name == "web");
        Assert.Equal(("Deployment", "demo"), (web.Kind, web.Namespace));
        Assert.Equal((WorkloadState.Available, WorkloadAgentState.None), (web.State, web.AgentState));
        Assert.DoesNotContain(workloads, workload => workload.Kind == "ReplicaSet" && workload.Name.StartsWith("web-"));
    }

    [Fact]
    public void Agents_belong_to_the_workload_that_controls_their_pods_in_the_end()
    {
        var workloads = WorkloadObjects.Compose(
            [
                ("Deployment", Workload("web", ready: 1)),
                ("ReplicaSet", Workload("web-1", ready: 1, owner: ("Deployment", "web"))),
                ("ReplicaSet", Workload("lone", ready: 0)),
                ("StatefulSet", Workload("db", ready: 1)),
                ("Deployment", Workload("broken", ready: 0, condition: ("Progressing", "False"))),
            ],
            [
                Pod("traffic-agent", "ReplicaSet", "web-1"),
                Pod("postgres", "StatefulSet", "db"),
                Pod("traffic-agent", "Job", "x"),
            ]
        );
        Assert.Equal(
            [
                ("broken", "Deployment", WorkloadState.Failure, WorkloadAgentState.None),
                ("db", "StatefulSet", WorkloadState.Available, WorkloadAgentState.None),
                ("lone", "ReplicaSet", WorkloadState.Progressing, WorkloadAgentState.None),
                ("web", "Deployment", WorkloadState.Available, WorkloadAgentState.Installed),
            ],
            workloads.Select(w => (w.Name, w.Kind, w.State, w.AgentState))
        );
    }

    [Fact]
    public void Each_kind_and_state_of_the_manager_has_its_own()
    {
        foreach (var state in Enum.GetValues<WorkloadInfo.Types.State>())
        {
            var expected = state == WorkloadInfo.Types.State.UnknownUnspecified ? "Unknown" : state.ToString();
            Assert.Equal(expected, ManagedWorkloads.From(new WorkloadInfo { State = state }, "").State.ToString());
        }
        foreach (var kind in Enum.GetValues<WorkloadInfo.Types.Kind>())
        {
            var expected = kind == WorkloadInfo.Types.Kind.Unspecified ? "" : kind.ToString();
            var actual = ManagedWorkloads.From(new WorkloadInfo { Kind = kind }, "").Kind;
            Assert.Equal(expected, actual, ignoreCase: true);
        }
        var intercepted = new WorkloadInfo
        {
            AgentState = WorkloadInfo.Types.AgentState.Intercepted,
            InterceptClients = { new WorkloadInfo.Types.Intercept { Client = "me@host" } },
        };
        var workload = ManagedWorkloads.From(intercepted, "s");
        Assert.Equal(WorkloadAgentState.Intercepted, workload.AgentState);
        Assert.Equal(["me@host"], workload.Clients);
        Assert.Equal("s", workload.Session);
    }

    private static V1Workload Workload(
        string name,
        int ready,
        (string Kind, string Name)? owner = null,
        (string Type, string Status)? condition = null
    ) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = name, OwnerReferences = Owners(owner) },
            Status = new V1WorkloadStatus
            {
                ReadyReplicas = ready,
                Conditions = condition is { } c ? [new V1WorkloadCondition { Type = c.Type, Status = c.Status }] : null,
            },
        };

    private static V1Pod Pod(string container, string ownerKind, string owner) =>
        new()
        {
            Metadata = new V1ObjectMeta { OwnerReferences = Owners((ownerKind, owner)) },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = container }] },
        };

    private static V1OwnerReference[]? Owners((string Kind, string Name)? owner) =>
        owner is { } o
            ?
            [
                new V1OwnerReference
                {
                    Kind = o.Kind,
                    Name = o.Name,
                    Controller = true,
                },
            ]
            : null;
}
