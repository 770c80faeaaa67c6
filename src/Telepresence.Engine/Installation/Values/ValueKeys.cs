using static Telepresence.Engine.Installation.Values.ValueType;

namespace Telepresence.Engine.Installation.Values;

/// <summary>The keys of the upstream chart that an installation without helm knows.</summary>
internal static class ValueKeys
{
    public const string Client = "client";

    /// <summary>By path. The section <see cref="Client"/> is the client's configuration and is checked as such.</summary>
    public static IReadOnlyDictionary<string, ValueKey> All { get; } =
        new ValueKey[]
        {
            new("apiPort", Port),
            new("logLevel", LogLevel),
            new("hostNetwork", Flag),
            new("image.registry", Text),
            new("image.name", Text),
            new("image.tag", Text),
            new("image.pullPolicy", PullPolicy),
            new("image.imagePullSecrets", PullSecrets),
            new("grpc.maxReceiveSize", Quantity),
            new("podCIDRs", SubnetList),
            new("podCIDRStrategy", PodCidrStrategy),
            new("namespaces", NamespaceList),
            new("namespaceSelector", Mapping),
            new("maxNamespaceSpecificWatchers", Count),
            new("managerRbac.create", Flag),
            new("clientRbac.create", Flag),
            new("clientRbac.subjects", Subjects),
            new("clientRbac.namespaces", NamespaceList),
            new("timeouts.agentArrival", Duration),
            new("prometheus.port", Port),
            new("telepresenceAPI.port", Port),
            new("agentInjector.enabled", Flag),
            new("workloads.deployments.enabled", Flag),
            new("workloads.replicaSets.enabled", Flag),
            new("workloads.statefulSets.enabled", Flag),
            new("workloads.argoRollouts.enabled", Flag),
            new("resources", Mapping),
            new("nodeSelector", Mapping),
            new("affinity", Mapping),
            new("tolerations", List),
            new("podAnnotations", Mapping),
            new("podLabels", Mapping),
            new("priorityClassName", Text),
            new("schedulerName", Text),
        }.ToDictionary(key => key.Path, StringComparer.Ordinal);

    /// <summary>Of the chart, and without effect here: nothing in them is a mistake of spelling.</summary>
    public static IReadOnlySet<string> Foreign { get; } =
        new HashSet<string>(StringComparer.Ordinal)
        {
            "agent",
            "agentInjector",
            "hooks",
            "intercept",
            "labels",
            "livenessProbe",
            "podSecurityContext",
            "quicTunnel",
            "rbac",
            "readinessProbe",
            "replicaCount",
            "security",
            "securityContext",
            "service",
            "usage",
        };

    /// <summary>Whether some key is inside of it.</summary>
    public static bool IsSection(string path) =>
        All.Keys.Any(key => key.StartsWith(path + ".", StringComparison.Ordinal));
}
