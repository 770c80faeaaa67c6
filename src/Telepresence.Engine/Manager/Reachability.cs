namespace Telepresence.Engine.Manager;

/// <summary>Whether the traffic-manager can be reached, and the wait until it can. Safe for concurrent use.</summary>
internal sealed class Reachability
{
    private static readonly TaskCompletionSource _reachable = Completed();
    private TaskCompletionSource _back = _reachable;
    private int _losses;

    public bool IsReachable => ReferenceEquals(Volatile.Read(ref _back), _reachable);

    /// <summary>
    /// How often it was lost. What was begun before a loss and failed may be tried again, also when the way is back already.
    /// </summary>
    public int Losses => Volatile.Read(ref _losses);

    /// <summary>Who asks from now on waits. False: it was lost before.</summary>
    public bool Lose()
    {
        Interlocked.Increment(ref _losses);
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return ReferenceEquals(Interlocked.CompareExchange(ref _back, back, _reachable), _reachable);
    }

    /// <summary>Whoever waits goes on. False: it was not lost.</summary>
    public bool Restore() => Interlocked.Exchange(ref _back, _reachable).TrySetResult();

    public Task WaitAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _back).Task.WaitAsync(cancellationToken);

    /// <summary>False: it could not be reached for that long.</summary>
    public async ValueTask<bool> WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        var back = Volatile.Read(ref _back).Task;
        if (back.IsCompleted)
            return true;
        if (longest <= TimeSpan.Zero)
            return false;
        try
        {
            await back.WaitAsync(longest, time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
