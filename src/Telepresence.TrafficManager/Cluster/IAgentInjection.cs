namespace Telepresence.TrafficManager.Cluster;

/// <summary>How the pods of a workload get a traffic-agent.</summary>
public interface IAgentInjection
{
    /// <summary>
    /// Has the workload's pods get an agent, if they have none. May return before the agents arrive at the manager.
    /// </summary>
    /// <exception cref="InvalidOperationException">They cannot; the message tells why.</exception>
    ValueTask EnsureAsync(ClusterWorkload workload, CancellationToken cancellationToken);

    /// <summary>Takes the agents of the workload's pods away again. One that has none is none to complain about.</summary>
    ValueTask RemoveAsync(ClusterWorkload workload, CancellationToken cancellationToken);

    /// <summary>The configuration of the workload's agents, YAML (PROTOCOL §7.4); null: it has none.</summary>
    ValueTask<string?> GetConfigurationAsync(ClusterWorkload workload, CancellationToken cancellationToken);
}
