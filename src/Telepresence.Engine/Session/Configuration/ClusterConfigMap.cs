using System.Net;
using Telepresence.Client.Errors;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Key <c>client.yaml</c> of the ConfigMap that the traffic-manager watches and gives its clients (PROTOCOL §5.3).</summary>
internal sealed class ClusterConfigMap(KubernetesClient client, string managerNamespace)
{
    public const string DataKey = "client.yaml";
    public const string Name = "traffic-manager";

    private const int Attempts = 5;

    /// <summary>As error messages and prompts name it.</summary>
    public string Target => $"{DataKey} of ConfigMap {Name} in namespace {managerNamespace}";

    /// <summary>Changes the text; reads it anew, and changes that, when somebody else was faster.</summary>
    /// <param name="edit">Given the text, makes another; may be called several times.</param>
    /// <param name="dryRun">Reads and edits only.</param>
    /// <returns>The text before and after.</returns>
    /// <exception cref="KubernetesException">Any failure of the API.</exception>
    /// <exception cref="TelepresenceException">ManagerNotFound, Forbidden.</exception>
    public async Task<(string Before, string After)> EditAsync(
        Func<string, string> edit,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            var map = await CallAsync(
                    "get",
                    () => client.ReadNamespacedConfigMapAsync(Name, managerNamespace, cancellationToken)
                )
                .ConfigureAwait(false);
            var before = map.Data?.GetValueOrDefault(DataKey) ?? "";
            var after = edit(before);
            if (dryRun || after == before)
                return (before, after);
            var patch = new V1ConfigMap
            {
                Metadata = new V1ObjectMeta { ResourceVersion = map.Metadata.ResourceVersion },
                Data = new Dictionary<string, string> { [DataKey] = after },
            };
            try
            {
                await CallAsync(
                        "patch",
                        () => client.PatchNamespacedConfigMapAsync(patch, Name, managerNamespace, cancellationToken)
                    )
                    .ConfigureAwait(false);
                return (before, after);
            }
            catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Conflict && attempt < Attempts)
            {
                continue;
            }
        }
    }

    private async Task<V1ConfigMap> CallAsync(string verb, Func<Task<V1ConfigMap>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            throw ErrorCatalogue.Error(
                ErrorId.Forbidden,
                $"configmaps/{Name}",
                e,
                (
                    "action",
                    $"{verb} configmap {Name} in namespace {managerNamespace} (missing rule: apiGroups [''], resources "
                        + $"[configmaps], resourceNames [{Name}], verbs [get, patch])"
                ),
                ("namespace", managerNamespace)
            );
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw ErrorCatalogue.Error(
                ErrorId.ManagerNotFound,
                managerNamespace,
                e,
                ("namespaces", $"namespace '{managerNamespace}' (no ConfigMap {Name})")
            );
        }
    }
}
