using System.Net;
using System.Text.Json.Nodes;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Engine.Session;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>
/// Deletes what carries the labels of an installation, and nothing else. The namespace goes too where the installation made it
/// and nothing of others is in it.
/// </summary>
internal sealed class ManagerRemoval(SessionServices services)
{
    private static readonly TimeSpan _defaultTimeout = TimeSpan.FromMinutes(1);
    private static readonly string[] _verbs = ["list", "delete"];

    /// <summary>What people put into a namespace; what Kubernetes itself puts there is told apart by name.</summary>
    private static readonly ResourceKind[] _content =
    [
        new("v1", "Pod", "pods", true),
        new("apps/v1", "Deployment", "deployments", true),
        new("apps/v1", "StatefulSet", "statefulsets", true),
        new("apps/v1", "DaemonSet", "daemonsets", true),
        new("batch/v1", "Job", "jobs", true),
        new("v1", "Service", "services", true),
        new("v1", "ConfigMap", "configmaps", true),
        new("v1", "Secret", "secrets", true),
        new("v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
        new("v1", "ServiceAccount", "serviceaccounts", true),
    ];

    /// <summary>Does nothing where there is nothing.</summary>
    /// <exception cref="TelepresenceException">ManagerOwnedByOther, InstallationForbidden, Timeout.</exception>
    /// <exception cref="KubernetesException">Any other failure of the API.</exception>
    public async Task<InstallationResult> UninstallAsync(
        InstallationParameters parameters,
        IProgress<InstallationStep> progress,
        CancellationToken cancellationToken
    )
    {
        using var target = InstallationTarget.Open(parameters, services);
        var timeout = parameters.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : _defaultTimeout;
        return await new InstallationDeadline(timeout, "Uninstall-TelepresenceManager", services.Time)
            .RunAsync(
                target.Namespace,
                progress,
                (steps, _, token) => DeleteAsync(target, parameters.DryRun, steps, token),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private static async Task<InstallationResult> DeleteAsync(
        InstallationTarget target,
        bool dryRun,
        IProgress<InstallationStep> steps,
        CancellationToken cancellationToken
    )
    {
        var ns = target.Namespace;
        steps.Report(new InstallationStep($"looking at {target.Client.Configuration.Server}", 0));
        var kinds = Enumerable.Reverse(ResourceKinds.All).Where(kind => kind != ResourceKinds.Namespace).ToArray();
        await target.RequireAsync(kinds.SelectMany(kind => Rules(kind, ns)), cancellationToken).ConfigureAwait(false);
        var owner = await ManagerOwners.FindAsync(target.Client, ns, cancellationToken).ConfigureAwait(false);
        ManagerOwners.Require(owner, ManagerOwner.Telepresence, ns);
        List<TelepresenceManagerObject> deleted = [];
        for (var i = 0; i < kinds.Length; i++)
        {
            steps.Report(new InstallationStep($"deleting {kinds[i].Plural}", 90 * i / kinds.Length));
            GenericClient client = new(target.Client, kinds[i]);
            var ours = await client
                .ListAsync(ScopeOf(kinds[i], ns), InstallationLabels.Selector(ns), cancellationToken)
                .ConfigureAwait(false);
            foreach (var item in ours)
            {
                deleted.Add(
                    await DeleteAsync(client, kinds[i], item, ns, dryRun, cancellationToken).ConfigureAwait(false)
                );
            }
        }
        return new InstallationResult
        {
            Warnings = await DeleteNamespaceAsync(target, deleted, dryRun, cancellationToken).ConfigureAwait(false),
            Objects = deleted,
        };
    }

    /// <returns>Why the namespace stays, where it was made by the installation.</returns>
    private static async Task<IReadOnlyList<string>> DeleteNamespaceAsync(
        InstallationTarget target,
        List<TelepresenceManagerObject> deleted,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        var ns = target.Namespace;
        try
        {
            GenericClient namespaces = new(target.Client, ResourceKinds.Namespace);
            var found = await namespaces.ReadAsync(null, ns, cancellationToken).ConfigureAwait(false);
            if (
                found is null
                || ManagerOwners.Of(found) != ManagerOwner.Telepresence
                || found["metadata"]?["deletionTimestamp"] is not null
            )
            {
                return [];
            }
            if (await OthersAsync(target, cancellationToken).ConfigureAwait(false) is { } others)
            {
                return [$"The namespace {ns} was made by the installation and stays: {others} is in it."];
            }
            deleted.Add(
                await DeleteAsync(namespaces, ResourceKinds.Namespace, found, ns, dryRun, cancellationToken)
                    .ConfigureAwait(false)
            );
            return [];
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return [$"The namespace {ns} stays: {e.Message}"];
        }
    }

    /// <summary>Something in the namespace that is not of the installation; null: there is nothing.</summary>
    private static async Task<string?> OthersAsync(InstallationTarget target, CancellationToken cancellationToken)
    {
        foreach (var kind in _content)
        {
            var items = await new GenericClient(target.Client, kind)
                .ListAsync(target.Namespace, null, cancellationToken)
                .ConfigureAwait(false);
            if (items.FirstOrDefault(item => !IsOursOrKubernetes(kind, item)) is { } other)
            {
                return $"{kind.Kind.ToLowerInvariant()}/{other["metadata"]?["name"]}";
            }
        }
        return null;
    }

    private static bool IsOursOrKubernetes(ResourceKind kind, JsonObject item) =>
        ManagerOwners.Of(item) == ManagerOwner.Telepresence
        // Pods carry the deployment's labels and go in the background.
        || (kind.Kind == "Pod" && (string?)item["metadata"]?["labels"]?["app"] == InstallationLabels.ManagerName)
        || (kind.Kind == "ServiceAccount" && (string?)item["metadata"]?["name"] == "default")
        || (kind.Kind == "ConfigMap" && (string?)item["metadata"]?["name"] == "kube-root-ca.crt")
        // Kubernetes before 1.24 made a token for each account.
        || (kind.Kind == "Secret" && (string?)item["type"] == "kubernetes.io/service-account-token");

    private static async Task<TelepresenceManagerObject> DeleteAsync(
        GenericClient client,
        ResourceKind kind,
        JsonObject item,
        string managerNamespace,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        var name = (string?)item["metadata"]?["name"] ?? "";
        var itemNamespace = (string?)item["metadata"]?["namespace"];
        if (!dryRun)
        {
            await client.DeleteAsync(itemNamespace, name, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        return new TelepresenceManagerObject
        {
            Kind = kind.Kind,
            Name = name,
            Namespace = itemNamespace ?? "",
            Action = ManagerObjectAction.Deleted,
            ManagerNamespace = managerNamespace,
        };
    }

    /// <summary>Roles may be in every namespace that is managed or connected to; all else is in the manager's or in none.</summary>
    private static string? ScopeOf(ResourceKind kind, string ns) =>
        kind.IsNamespaced && kind != ResourceKinds.Role && kind != ResourceKinds.RoleBinding ? ns : null;

    private static IEnumerable<AccessRule> Rules(ResourceKind kind, string ns) =>
        _verbs.Select(verb => new AccessRule(ScopeOf(kind, ns), kind.Group, kind.Plural, verb));
}
