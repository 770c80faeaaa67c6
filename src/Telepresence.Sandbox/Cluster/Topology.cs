using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Cluster;

/// <summary>A port of a Service and the container port behind it.</summary>
internal sealed record ServicePort(string Name, ProtocolType Protocol, int Port, int TargetPort);

/// <summary>A Service.</summary>
/// <param name="Addresses">Cluster addresses, empty when headless.</param>
/// <param name="Selector">Labels of its pods; empty for one without pods.</param>
/// <param name="ExternalName">Absolute name with trailing dot, for type ExternalName.</param>
internal sealed record ServiceSpec(
    string Namespace,
    string Name,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyDictionary<string, string> Selector,
    IReadOnlyList<ServicePort> Ports,
    string? ExternalName = null
)
{
    public bool IsHeadless => Addresses.Count == 0 && ExternalName is null;
}

/// <summary>What a workload's container has besides its ports.</summary>
/// <param name="Environment">Its variables.</param>
/// <param name="Mounts">Paths of its volumes, with their policies (PROTOCOL §6.5).</param>
/// <param name="Run">Starts what it does by itself, and ends with the token; null: it only answers.</param>
internal sealed record ContainerSpec(
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyDictionary<string, int> Mounts,
    Func<CancellationToken, Task>? Run = null
);

/// <summary>A workload that a user made: pods belong to it, directly or through a ReplicaSet.</summary>
/// <param name="Container">Its one container, which has the workload's name; null: it has ports alone.</param>
internal sealed record WorkloadSpec(
    WorkloadKind Kind,
    string Namespace,
    string Name,
    string Uid,
    string Image,
    IReadOnlyDictionary<string, string> Labels,
    ContainerSpec? Container = null
);

/// <summary>A pod.</summary>
/// <param name="Owner">What its ownerReferences name.</param>
/// <param name="AgentPort">Port of its traffic-agent's api; null: it has no agent.</param>
internal sealed record PodSpec(
    WorkloadSpec Workload,
    string Name,
    string Uid,
    OwnerReference Owner,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyList<ServicePort> Ports,
    int? AgentPort = null
)
{
    public string Namespace => Workload.Namespace;

    public IReadOnlyDictionary<string, string> Labels => Workload.Labels;
}

/// <summary>An object that owns another.</summary>
internal sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid);

/// <summary>What the cluster consists of, as one immutable value: what DNS answers from.</summary>
internal sealed record Topology(
    IReadOnlyList<string> Namespaces,
    IReadOnlyList<ServiceSpec> Services,
    IReadOnlyList<PodSpec> Pods,
    IReadOnlyList<WorkloadSpec> Workloads
)
{
    public static readonly Topology Empty = new([], [], [], []);

    public ServiceSpec? FindService(string ns, string name) =>
        Services.FirstOrDefault(s => s.Namespace == ns && s.Name == name);

    public PodSpec? FindPod(string ns, string name) => Pods.FirstOrDefault(p => p.Namespace == ns && p.Name == name);

    public IEnumerable<PodSpec> PodsOf(WorkloadSpec workload) => Pods.Where(p => p.Workload == workload);

    public IEnumerable<PodSpec> PodsOf(ServiceSpec service) =>
        service.Selector.Count == 0
            ? []
            : Pods.Where(p =>
                p.Namespace == service.Namespace
                && service.Selector.All(s => p.Labels.TryGetValue(s.Key, out var value) && value == s.Value)
            );
}
