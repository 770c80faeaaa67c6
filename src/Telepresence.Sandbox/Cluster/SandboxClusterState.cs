using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Cluster;

/// <summary>The facts the manager announces; a test changes them to see clients follow.</summary>
internal sealed class SandboxClusterState(ClusterFacts facts) : IClusterState
{
    private ClusterFacts _current = facts;

    /// <inheritdoc/>
    public ClusterFacts Current => Volatile.Read(ref _current);

    /// <inheritdoc/>
    public event Action? Changed;

    public void Change(Func<ClusterFacts, ClusterFacts> change)
    {
        Volatile.Write(ref _current, change(_current));
        Changed?.Invoke();
    }
}
