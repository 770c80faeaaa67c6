using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation.Manifests;

/// <summary>The kinds that an installation is made of.</summary>
internal static class ResourceKinds
{
    private const string Rbac = "rbac.authorization.k8s.io/v1";

    public static readonly ResourceKind Namespace = new("v1", "Namespace", "namespaces", IsNamespaced: false);
    public static readonly ResourceKind ServiceAccount = new("v1", "ServiceAccount", "serviceaccounts", true);
    public static readonly ResourceKind ClusterRole = new(Rbac, "ClusterRole", "clusterroles", IsNamespaced: false);
    public static readonly ResourceKind ClusterRoleBinding = new(
        Rbac,
        "ClusterRoleBinding",
        "clusterrolebindings",
        IsNamespaced: false
    );
    public static readonly ResourceKind Role = new(Rbac, "Role", "roles", IsNamespaced: true);
    public static readonly ResourceKind RoleBinding = new(Rbac, "RoleBinding", "rolebindings", IsNamespaced: true);
    public static readonly ResourceKind ConfigMap = new("v1", "ConfigMap", "configmaps", IsNamespaced: true);
    public static readonly ResourceKind Service = new("v1", "Service", "services", IsNamespaced: true);
    public static readonly ResourceKind Deployment = new("apps/v1", "Deployment", "deployments", IsNamespaced: true);

    /// <summary>In the order in which they are applied: nothing before what it needs.</summary>
    public static IReadOnlyList<ResourceKind> All { get; } =
    [Namespace, ServiceAccount, ClusterRole, ClusterRoleBinding, Role, RoleBinding, ConfigMap, Service, Deployment];
}
