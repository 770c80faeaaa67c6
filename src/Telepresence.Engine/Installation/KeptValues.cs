using System.Text.Json.Nodes;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Engine.Installation.Values;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>
/// The values that an installation was given, kept in the cluster for the next update. Written when the manager runs: an
/// installation without them was not completed.
/// </summary>
internal static class KeptValues
{
    private const string Name = "traffic-manager-values";
    private const string Key = "values.yaml";

    public static Manifest Make(string ns, ManagerValues values) =>
        Manifest.Of(
            ResourceKinds.ConfigMap,
            ns,
            Name,
            new JsonObject { ["data"] = new JsonObject { [Key] = BlockYaml.Write(values.Given) } }
        );

    /// <returns>Null where there are none.</returns>
    /// <exception cref="InvalidValueException">Somebody made something else of them.</exception>
    public static async Task<JsonObject?> ReadAsync(
        KubernetesClient client,
        string ns,
        CancellationToken cancellationToken
    )
    {
        var found = await new GenericClient(client, ResourceKinds.ConfigMap)
            .ReadAsync(ns, Name, cancellationToken)
            .ConfigureAwait(false);
        return found is not null && ManagerOwners.Of(found) == ManagerOwner.Telepresence
            ? ValuesText.Parse((string?)found["data"]?[Key] ?? "")
            : null;
    }
}
