namespace Telepresence.TrafficManager.Cluster;

/// <summary>The workloads of the cluster: the Kubernetes API in a pod, the model in the sandbox.</summary>
public interface IClusterWorkloads
{
    /// <summary>The workload with that name; of several kinds, the first in the order of <see cref="WorkloadKind"/>. Null: none.</summary>
    ValueTask<ClusterWorkload?> FindAsync(string name, string ns, CancellationToken cancellationToken);

    /// <summary>The workloads of a namespace that no other workload owns.</summary>
    ValueTask<IReadOnlyList<ClusterWorkload>> ListAsync(string ns, CancellationToken cancellationToken);

    /// <summary>What the workload's pods are made of; null: it is gone.</summary>
    ValueTask<WorkloadShape?> DescribeAsync(ClusterWorkload workload, CancellationToken cancellationToken);

    /// <summary>Raised after workloads changed.</summary>
    event Action? Changed;
}

/// <summary>A workload.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Uid">Of the object.</param>
public sealed record ClusterWorkload(WorkloadKind Kind, string Name, string Namespace, string Uid);

/// <summary>Kinds of workloads; the names are Kubernetes'.</summary>
public enum WorkloadKind
{
    /// <summary>apps/v1.</summary>
    Deployment,

    /// <summary>apps/v1.</summary>
    ReplicaSet,

    /// <summary>apps/v1.</summary>
    StatefulSet,

    /// <summary>argoproj.io/v1alpha1.</summary>
    Rollout,
}
