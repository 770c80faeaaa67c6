using System.Runtime.CompilerServices;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Services;

/// <summary>Cluster facts as a sequence: the present ones at once, then every change. Who is slow misses the ones between.</summary>
internal sealed class ClusterStateFeed : IDisposable
{
    private readonly IClusterState _state;
    private readonly ChangeSignal _changes = new();

    public ClusterStateFeed(IClusterState state)
    {
        _state = state;
        state.Changed += _changes.Raise;
    }

    public ClusterFacts Current => _state.Current;

    public async IAsyncEnumerable<ClusterFacts> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _changes.Next;
            yield return _state.Current;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _state.Changed -= _changes.Raise;
}
