using System.Text.Json.Nodes;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation.Manifests;

/// <summary>One object of an installation, as it is to be.</summary>
/// <param name="Namespace">Null for kinds that are in none.</param>
internal sealed record Manifest(ResourceKind Kind, string? Namespace, string Name, JsonObject Body)
{
    /// <summary>As people write it: <c>deployment/traffic-manager.ambassador</c>.</summary>
    public override string ToString() =>
        $"{Kind.Kind.ToLowerInvariant()}/{Name}" + (Namespace is null ? "" : $".{Namespace}");

    /// <summary>The object with what makes it ours, and its content.</summary>
    /// <param name="labels">Besides those that every object of ours has.</param>
    public static Manifest Of(
        ResourceKind kind,
        string managerNamespace,
        string name,
        JsonObject content,
        string? objectNamespace = null,
        JsonObject? labels = null
    )
    {
        JsonObject all = new()
        {
            ["app"] = InstallationLabels.ManagerName,
            ["telepresence"] = "manager",
            [InstallationLabels.ManagedBy] = InstallationLabels.Owner,
            [InstallationLabels.ManagerNamespace] = managerNamespace,
        };
        foreach (var (key, value) in labels ?? [])
        {
            all[key] = value?.DeepClone();
        }
        JsonObject metadata = new() { ["name"] = name };
        var ns = kind.IsNamespaced ? objectNamespace ?? managerNamespace : null;
        if (ns is not null)
        {
            metadata["namespace"] = ns;
        }
        metadata["labels"] = all;
        JsonObject body = new()
        {
            ["apiVersion"] = kind.ApiVersion,
            ["kind"] = kind.Kind,
            ["metadata"] = metadata,
        };
        foreach (var (key, value) in content)
        {
            body[key] = value?.DeepClone();
        }
        return new Manifest(kind, ns, name, body);
    }
}
