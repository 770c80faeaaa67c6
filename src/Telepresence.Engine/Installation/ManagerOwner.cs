using System.Text.Json.Nodes;
using Telepresence.Client.Errors;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>Who installed the traffic-manager of a namespace.</summary>
internal enum ManagerOwner
{
    /// <summary>There is none.</summary>
    Nobody,

    /// <summary>Install-TelepresenceManager.</summary>
    Telepresence,

    Helm,

    /// <summary>Somebody with kubectl, or another tool.</summary>
    Other,
}

/// <summary>Finds out whose a traffic-manager is: what one way made, another must not change.</summary>
internal static class ManagerOwners
{
    public static async Task<ManagerOwner> FindAsync(
        KubernetesClient client,
        string ns,
        CancellationToken cancellationToken
    )
    {
        // The service first: it is what clients look for.
        foreach (var kind in (ResourceKind[])[ResourceKinds.Service, ResourceKinds.Deployment])
        {
            var found = await new GenericClient(client, kind)
                .ReadAsync(ns, InstallationLabels.ManagerName, cancellationToken)
                .ConfigureAwait(false);
            if (found is not null)
            {
                return Of(found);
            }
        }
        return ManagerOwner.Nobody;
    }

    /// <summary>Whose an object is.</summary>
    public static ManagerOwner Of(JsonObject found) =>
        (string?)found["metadata"]?["labels"]?[InstallationLabels.ManagedBy] switch
        {
            InstallationLabels.Owner => ManagerOwner.Telepresence,
            InstallationLabels.Helm => ManagerOwner.Helm,
            _ => ManagerOwner.Other,
        };

    /// <summary>Refuses what is not to be done in this way.</summary>
    /// <param name="wanted">Whose it has to be, where there is one.</param>
    /// <exception cref="TelepresenceException">ManagerOwnedByOther.</exception>
    public static void Require(ManagerOwner owner, ManagerOwner wanted, string ns)
    {
        if (owner == wanted || owner == ManagerOwner.Nobody)
        {
            return;
        }
        var (how, way, command) = owner switch
        {
            ManagerOwner.Helm => (
                "by helm",
                "change it with -UseHelm",
                $"Update-TelepresenceManager -Namespace '{ns}' -UseHelm"
            ),
            ManagerOwner.Telepresence => (
                "by Install-TelepresenceManager",
                "leave -UseHelm out, or uninstall it first",
                $"Uninstall-TelepresenceManager -Namespace '{ns}'"
            ),
            _ => (
                "neither by Install-TelepresenceManager nor by helm",
                "remove it in the way it was made, or choose another namespace with -Namespace",
                $"kubectl get all --namespace '{ns}' --selector app=traffic-manager"
            ),
        };
        throw ErrorCatalogue.Error(
            ErrorId.ManagerOwnedByOther,
            ns,
            ("namespace", ns),
            ("how", how),
            ("way", way),
            ("command", command)
        );
    }
}
