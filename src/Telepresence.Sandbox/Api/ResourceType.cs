namespace Telepresence.Sandbox.Api;

/// <summary>A resource the API server serves.</summary>
/// <param name="Group">Empty for the core group.</param>
internal sealed record ResourceType(
    string Group,
    string Version,
    string Plural,
    string Kind,
    bool IsNamespaced,
    params string[] ShortNames
)
{
    public static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", false, "ns");
    public static readonly ResourceType Node = new("", "v1", "nodes", "Node", false, "no");
    public static readonly ResourceType Service = new("", "v1", "services", "Service", true, "svc");
    public static readonly ResourceType Endpoints = new("", "v1", "endpoints", "Endpoints", true, "ep");
    public static readonly ResourceType Pod = new("", "v1", "pods", "Pod", true, "po");
    public static readonly ResourceType Event = new("", "v1", "events", "Event", true, "ev");
    public static readonly ResourceType ConfigMap = new("", "v1", "configmaps", "ConfigMap", true, "cm");
    public static readonly ResourceType Secret = new("", "v1", "secrets", "Secret", true);
    public static readonly ResourceType ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount", true, "sa");
    public static readonly ResourceType Deployment = new("apps", "v1", "deployments", "Deployment", true, "deploy");
    public static readonly ResourceType ReplicaSet = new("apps", "v1", "replicasets", "ReplicaSet", true, "rs");
    public static readonly ResourceType StatefulSet = new("apps", "v1", "statefulsets", "StatefulSet", true, "sts");
    public static readonly ResourceType DaemonSet = new("apps", "v1", "daemonsets", "DaemonSet", true, "ds");

    public static readonly ResourceType EndpointSlice = new(
        "discovery.k8s.io",
        "v1",
        "endpointslices",
        "EndpointSlice",
        true
    );

    public static readonly ResourceType ServiceCidr = new(
        "networking.k8s.io",
        "v1",
        "servicecidrs",
        "ServiceCIDR",
        false
    );

    public static readonly ResourceType CustomResourceDefinition = new(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        false,
        "crd",
        "crds"
    );

    /// <summary>Of Argo Rollouts, by its CustomResourceDefinition.</summary>
    public static readonly ResourceType Rollout = new("argoproj.io", "v1alpha1", "rollouts", "Rollout", true, "ro");

    public static readonly IReadOnlyList<ResourceType> All =
    [
        Namespace,
        Node,
        Service,
        Endpoints,
        Pod,
        Event,
        ConfigMap,
        Secret,
        ServiceAccount,
        Deployment,
        ReplicaSet,
        StatefulSet,
        DaemonSet,
        EndpointSlice,
        ServiceCidr,
        CustomResourceDefinition,
        Rollout,
    ];

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As error messages name it: <c>pods</c>, <c>deployments.apps</c>.</summary>
    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public static ResourceType? Find(string group, string version, string plural) =>
        All.FirstOrDefault(t => t.Group == group && t.Version == version && t.Plural == plural);
}
