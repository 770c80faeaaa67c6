namespace Telepresence.TrafficManager;

/// <summary>The tasks of one owner: each is observed, and the owner's end waits for all.</summary>
public sealed class OwnedTasks
{
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _tasks = [];

    /// <summary>Owns a task until it has ended.</summary>
    public void Add(Task task)
    {
        lock (_lock)
        {
            _tasks.Add(task);
        }
        _ = task.ContinueWith(
            Remove,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    /// <summary>Ends when the tasks have; what they failed with was theirs to report.</summary>
    public async Task WhenAllAsync()
    {
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _tasks];
        }
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Remove(Task task)
    {
        // Reading the exception marks it as observed.
        _ = task.Exception;
        lock (_lock)
        {
            _tasks.Remove(task);
        }
    }
}
