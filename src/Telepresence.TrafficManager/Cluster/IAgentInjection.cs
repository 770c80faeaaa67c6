namespace Telepresence.TrafficManager.Cluster;

/// <summary>How the pods of a workload get a traffic-agent.</summary>
public interface IAgentInjection
{
    /// <summary>
    /// Has the workload's pods get an agent, if they have none, and has it stand in for those containers. May return before the
    /// agents arrive at the manager.
    /// </summary>
    /// <param name="workload">Whose pods.</param>
    /// <param name="replaced">Names of the containers that are not to run.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InvalidOperationException">They cannot; the message tells why.</exception>
    ValueTask EnsureAsync(ClusterWorkload workload, IReadOnlySet<string> replaced, CancellationToken cancellationToken);

    /// <summary>True: the pod is one of those that <see cref="EnsureAsync"/> was last asked for, not one that is to go.</summary>
    bool IsCurrent(ClusterWorkload workload, string podName);

    /// <summary>
    /// Ends when the workload's pods are found to be unable to start, with the reason; not before it is cancelled otherwise.
    /// </summary>
    Task<string> FailureAsync(ClusterWorkload workload, CancellationToken cancellationToken);

    /// <summary>Takes the agents of the workload's pods away again. One that has none is none to complain about.</summary>
    ValueTask RemoveAsync(ClusterWorkload workload, CancellationToken cancellationToken);

    /// <summary>The configuration of the workload's agents, YAML (PROTOCOL §7.4); null: it has none.</summary>
    ValueTask<string?> GetConfigurationAsync(ClusterWorkload workload, CancellationToken cancellationToken);
}
