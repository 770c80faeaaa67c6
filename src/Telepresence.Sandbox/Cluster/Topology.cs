using System.Net;
using System.Net.Sockets;

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

/// <summary>A pod.</summary>
internal sealed record PodSpec(
    string Namespace,
    string Name,
    string Workload,
    string Image,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<ServicePort> Ports
);

/// <summary>What the cluster consists of, as one immutable value: what DNS answers from.</summary>
internal sealed record Topology(
    IReadOnlyList<string> Namespaces,
    IReadOnlyList<ServiceSpec> Services,
    IReadOnlyList<PodSpec> Pods
)
{
    public static readonly Topology Empty = new([], [], []);

    public ServiceSpec? FindService(string ns, string name) =>
        Services.FirstOrDefault(s => s.Namespace == ns && s.Name == name);

    public PodSpec? FindPod(string ns, string name) => Pods.FirstOrDefault(p => p.Namespace == ns && p.Name == name);

    public IEnumerable<PodSpec> PodsOf(ServiceSpec service) =>
        service.Selector.Count == 0
            ? []
            : Pods.Where(p =>
                p.Namespace == service.Namespace
                && service.Selector.All(s => p.Labels.TryGetValue(s.Key, out var value) && value == s.Value)
            );
}
