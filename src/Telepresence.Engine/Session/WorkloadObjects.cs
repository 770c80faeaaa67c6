using System.Net;
using Telepresence.Client.Objects;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session;

/// <summary>The workloads of a namespace as the API server tells them, for managers that do not, and without a session.</summary>
internal static class WorkloadObjects
{
    private const string AgentContainer = "traffic-agent";

    private static readonly (string Group, string Plural, string Kind)[] _kinds =
    [
        ("apis/apps/v1", "deployments", "Deployment"),
        ("apis/apps/v1", "statefulsets", "StatefulSet"),
        ("apis/apps/v1", "replicasets", "ReplicaSet"),
        ("apis/argoproj.io/v1alpha1", "rollouts", "Rollout"),
    ];

    /// <exception cref="KubernetesException">Forbidden, naming the rule that is missing, and what any call throws.</exception>
    public static async Task<IReadOnlyList<TelepresenceWorkload>> ListAsync(
        KubernetesClient client,
        string ns,
        CancellationToken cancellationToken
    )
    {
        var pods = client.ListNamespacedPodAsync(ns, null, cancellationToken);
        var lists = _kinds
            .Select(kind => ListKindAsync(client, kind.Group, ns, kind.Plural, cancellationToken))
            .ToArray();
        await Task.WhenAll([pods, .. lists]).ConfigureAwait(false);
        var objects = new List<(string Kind, V1Workload Workload)>();
        for (var i = 0; i < lists.Length; i++)
        {
            objects.AddRange((await lists[i].ConfigureAwait(false)).Select(workload => (_kinds[i].Kind, workload)));
        }
        return Compose(objects, (await pods.ConfigureAwait(false)).Items);
    }

    /// <summary>Those that no other workload controls, with the agents of the pods that they control in the end.</summary>
    internal static IReadOnlyList<TelepresenceWorkload> Compose(
        IReadOnlyList<(string Kind, V1Workload Workload)> objects,
        IReadOnlyList<V1Pod> pods
    )
    {
        var controllers = objects
            .Where(o => Controller(o.Workload.Metadata) is not null)
            .GroupBy(o => (o.Kind, o.Workload.Metadata.Name))
            .ToDictionary(g => g.Key, g => Controller(g.First().Workload.Metadata)!.Value);
        var withAgent = pods.Where(pod =>
                pod.Metadata.DeletionTimestamp is null
                && pod.Spec.Containers?.Any(container => container.Name == AgentContainer) == true
            )
            .Select(pod => Controller(pod.Metadata))
            .OfType<(string, string?)>()
            .Select(owner => controllers.GetValueOrDefault(owner, owner))
            .ToHashSet();
        return
        [
            .. objects
                .Where(o => !controllers.ContainsKey((o.Kind, o.Workload.Metadata.Name)))
                .Select(o => new TelepresenceWorkload
                {
                    Name = o.Workload.Metadata.Name ?? "",
                    Namespace = o.Workload.Metadata.NamespaceProperty ?? "",
                    Kind = o.Kind,
                    State = State(o.Workload),
                    AgentState = withAgent.Contains((o.Kind, o.Workload.Metadata.Name))
                        ? WorkloadAgentState.Installed
                        : WorkloadAgentState.None,
                })
                .OrderBy(workload => workload.Name, StringComparer.Ordinal),
        ];
    }

    private static (string Kind, string? Name)? Controller(V1ObjectMeta metadata) =>
        metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true) is { } owner
        && _kinds.Any(kind => kind.Kind == owner.Kind)
            ? (owner.Kind ?? "", owner.Name)
            : null;

    private static WorkloadState State(V1Workload workload)
    {
        var conditions = workload.Status.Conditions ?? [];
        if (
            conditions.Any(c =>
                c is { Type: "Progressing", Status: "False" } or { Type: "ReplicaFailure", Status: "True" }
            )
        )
        {
            return WorkloadState.Failure;
        }
        var wanted = workload.Spec.Replicas ?? 1;
        return workload.Status.ReadyReplicas >= wanted ? WorkloadState.Available : WorkloadState.Progressing;
    }

    private static async Task<IReadOnlyList<V1Workload>> ListKindAsync(
        KubernetesClient client,
        string group,
        string ns,
        string plural,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (
                await client.ListNamespacedWorkloadAsync(group, ns, plural, cancellationToken).ConfigureAwait(false)
            ).Items;
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // The cluster does not have that kind.
            return [];
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden && plural == "rollouts")
        {
            // A kind that most clusters do not have is in no rule of theirs.
            return [];
        }
    }
}
