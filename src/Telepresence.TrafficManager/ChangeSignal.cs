namespace Telepresence.TrafficManager;

/// <summary>Tells any number of waiters that something changed. Take <see cref="Next"/> before looking at what may change.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _changed = NewSource();

    /// <summary>Ends with the next <see cref="Raise"/>.</summary>
    public Task Next => Volatile.Read(ref _changed).Task;

    public void Raise() => Interlocked.Exchange(ref _changed, NewSource()).TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
