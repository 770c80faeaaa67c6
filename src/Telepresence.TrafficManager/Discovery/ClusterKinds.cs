using System.Net;
using System.Net.Sockets;
using Telepresence.Kubernetes;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>What is followed of the cluster, and the little of it that stays in memory.</summary>
internal static class ClusterKinds
{
    private static readonly KubernetesJsonContext Json = KubernetesJsonContext.Default;

    /// <summary>The subnets that nodes have for their pods.</summary>
    public static ReflectedKind<V1Node, string> Nodes { get; } =
        new(
            "api/v1/nodes",
            Json.V1ListV1Node,
            Json.V1Node,
            node => node.Metadata,
            // One text, since what is kept is compared: most events of nodes change nothing here.
            node => string.Join(' ', node.Spec.PodCIDRs ?? (node.Spec.PodCIDR is { } cidr ? [cidr] : []))
        );

    /// <summary>Namespaces with their labels.</summary>
    public static ReflectedKind<V1Namespace, ClusterNamespace> Namespaces { get; } =
        new(
            "api/v1/namespaces",
            Json.V1ListV1Namespace,
            Json.V1Namespace,
            ns => ns.Metadata,
            ns => new ClusterNamespace(ns.Metadata.Name ?? "", ns.Metadata.Labels ?? new Dictionary<string, string>())
        );

    /// <summary>Addresses of pods, of the whole cluster but kube-system, or of a namespace.</summary>
    public static ReflectedKind<V1Pod, (IPAddress? IPv4, IPAddress? IPv6)> Pods(string? ns) =>
        new(
            $"{InNamespace("api/v1", ns)}/pods",
            Json.V1ListV1Pod,
            Json.V1Pod,
            pod => pod.Metadata,
            Addresses,
            ns is null ? "metadata.namespace!=kube-system" : null
        );

    /// <summary>Ranges of service addresses.</summary>
    /// <param name="version"><c>v1</c> or <c>v1beta1</c>.</param>
    public static ReflectedKind<V1ServiceCIDR, string> ServiceRanges(string version) =>
        new(
            $"apis/networking.k8s.io/{version}/servicecidrs",
            Json.V1ListV1ServiceCIDR,
            Json.V1ServiceCIDR,
            range => range.Metadata,
            range => string.Join(' ', range.Spec.Cidrs ?? [])
        );

    /// <summary>The manager's own ConfigMap.</summary>
    public static ReflectedKind<V1ConfigMap, ManagerConfiguration> Configuration(string ns) =>
        new(
            $"api/v1/namespaces/{ns}/configmaps",
            Json.V1ListV1ConfigMap,
            Json.V1ConfigMap,
            map => map.Metadata,
            map => new ManagerConfiguration(
                map.Data?.GetValueOrDefault("client.yaml") ?? "",
                map.Data?.GetValueOrDefault("namespace-selector.yaml") ?? ""
            ),
            "metadata.name=traffic-manager"
        );

    /// <summary>Workloads, apart from those that another one owns.</summary>
    public static ReflectedKind<V1Workload, ClusterWorkload?> Workloads(WorkloadKind kind, string? ns) =>
        new(
            $"{InNamespace($"apis/{GroupOf(kind)}", ns)}/{Plural(kind)}",
            Json.V1ListV1Workload,
            Json.V1Workload,
            workload => workload.Metadata,
            workload =>
                IsOwned(workload)
                    ? null
                    : new ClusterWorkload(
                        kind,
                        workload.Metadata.Name ?? "",
                        workload.Metadata.NamespaceProperty ?? "",
                        workload.Metadata.Uid ?? ""
                    )
        );

    /// <summary>Services.</summary>
    public static ResourceKind Service { get; } = new("v1", "Service", "services", IsNamespaced: true);

    /// <summary>Where workloads of that kind are found.</summary>
    public static ResourceKind ResourceOf(WorkloadKind kind) =>
        new(GroupOf(kind), kind.ToString(), Plural(kind), IsNamespaced: true);

    private static string GroupOf(WorkloadKind kind) =>
        kind == WorkloadKind.Rollout ? "argoproj.io/v1alpha1" : "apps/v1";

    private static string InNamespace(string group, string? ns) => ns is null ? group : $"{group}/namespaces/{ns}";

    private static string Plural(WorkloadKind kind) =>
        kind switch
        {
            WorkloadKind.Deployment => "deployments",
            WorkloadKind.ReplicaSet => "replicasets",
            WorkloadKind.StatefulSet => "statefulsets",
            _ => "rollouts",
        };

    private static bool IsOwned(V1Workload workload) =>
        workload.Metadata.OwnerReferences?.Any(owner =>
            owner.Controller == true && Enum.TryParse<WorkloadKind>(owner.Kind, out _)
        ) == true;

    private static (IPAddress? IPv4, IPAddress? IPv6) Addresses(V1Pod pod)
    {
        (IPAddress? IPv4, IPAddress? IPv6) addresses = default;
        foreach (var text in (pod.Status.PodIPs ?? []).Select(ip => ip.Ip).Append(pod.Status.PodIP))
        {
            if (!IPAddress.TryParse(text, out var address))
                continue;
            if (address.AddressFamily == AddressFamily.InterNetwork)
                addresses.IPv4 ??= address;
            else
                addresses.IPv6 ??= address;
        }
        return addresses;
    }
}
