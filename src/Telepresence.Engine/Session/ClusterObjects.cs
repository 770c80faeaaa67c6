using System.Net;

namespace Telepresence.Engine.Session;

/// <summary>
/// Which Kubernetes object has an address, for people. Followed from the first time that somebody looks: a session that nobody
/// looks at costs the cluster no watch.
/// </summary>
/// <param name="follower">Null: there is no API server to ask.</param>
internal sealed class ClusterObjects(ObjectFollower? follower, TimeProvider time) : IAsyncDisposable
{
    /// <summary>A listing must not wait long for a cluster that is away.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    private static readonly IReadOnlyDictionary<IPAddress, string> _none = new Dictionary<IPAddress, string>();

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task? _following;

    /// <summary>The objects by address; what is known so far when the cluster does not answer in time.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<IReadOnlyDictionary<IPAddress, string>> GetAsync(CancellationToken cancellationToken)
    {
        if (follower is null)
            return _none;
        lock (_lock)
        {
            if (_stop.IsCancellationRequested)
                return _none;
            _following ??= FollowAsync(follower);
        }
        try
        {
            await follower.Listed.WaitAsync(_patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Something is better than nothing, also where one of the two lists is all there is.
            return follower.Current;
        }
        return follower.Current;
    }

    public async ValueTask DisposeAsync()
    {
        Task? following;
        lock (_lock)
        {
            _stop.Cancel();
            following = _following;
        }
        if (following is not null)
            await following.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task FollowAsync(ObjectFollower objects)
    {
        // Leave the caller's lock before the first call.
        await Task.Yield();
        try
        {
            await objects.RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
            return;
        }
    }
}
