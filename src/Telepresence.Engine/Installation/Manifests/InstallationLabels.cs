namespace Telepresence.Engine.Installation.Manifests;

/// <summary>How objects of ours are told from others'.</summary>
internal static class InstallationLabels
{
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    /// <summary>Value of <see cref="ManagedBy"/>, and the field manager of server-side apply.</summary>
    public const string Owner = "telepresence-powershell";

    /// <summary>Value of <see cref="ManagedBy"/> on what helm installed.</summary>
    public const string Helm = "Helm";

    /// <summary>Which installation an object belongs to, where it is not in the manager's own namespace.</summary>
    public const string ManagerNamespace = "telepresence.io/manager-namespace";

    /// <summary>Name of deployment, services, account and ConfigMap; clients know no other (PROTOCOL §1.1).</summary>
    public const string ManagerName = "traffic-manager";

    /// <summary>Selects all objects of one installation.</summary>
    public static string Selector(string managerNamespace) =>
        $"{ManagedBy}={Owner},{ManagerNamespace}={managerNamespace}";

    /// <summary>Selects the manager's pods (PROTOCOL §1.1).</summary>
    public const string PodSelector = "app=traffic-manager,telepresence=manager";
}
