using Telepresence.Kubernetes;

namespace Telepresence.Engine.Manager;

/// <summary>Which of several pods to use: the order kubectl calls "active pods", best first.</summary>
internal static class ActivePods
{
    /// <summary>A running pod: ready ones first, then the longest ready, the least restarted, the oldest.</summary>
    public static V1Pod? Best(IEnumerable<V1Pod> pods) =>
        pods.Where(pod => pod.Status.Phase == "Running" && pod.Metadata.DeletionTimestamp is null)
            .OrderByDescending(IsReady)
            .ThenBy(pod => ReadyCondition(pod)?.LastTransitionTime ?? DateTimeOffset.MaxValue)
            .ThenBy(pod => pod.Status.ContainerStatuses?.Max(c => (int?)c.RestartCount) ?? 0)
            .ThenBy(pod => pod.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal)
            .FirstOrDefault();

    private static bool IsReady(V1Pod pod) => ReadyCondition(pod) is { Status: "True" };

    private static V1PodCondition? ReadyCondition(V1Pod pod) =>
        pod.Status.Conditions?.FirstOrDefault(condition => condition.Type == "Ready");
}
