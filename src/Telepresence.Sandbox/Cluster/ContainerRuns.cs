namespace Telepresence.Sandbox.Cluster;

/// <summary>Which workloads' containers run, and what they do by themselves; a container that is replaced does not.</summary>
internal sealed class ContainerRuns : IAsyncDisposable
{
    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Running)> _runs = [];
    private readonly Lock _lock = new();
    private readonly HashSet<string> _stopped = [];

    public bool IsRunning(WorkloadSpec workload)
    {
        lock (_lock)
        {
            return !_stopped.Contains(workload.Uid);
        }
    }

    /// <summary>Names of the workload's containers that do not run.</summary>
    public IReadOnlySet<string> Stopped(WorkloadSpec workload) =>
        IsRunning(workload) ? new HashSet<string>() : new HashSet<string> { workload.Name };

    /// <summary>Has a workload's container run, or not. One call at a time.</summary>
    public async Task SetAsync(WorkloadSpec workload, bool runs)
    {
        lock (_lock)
        {
            _ = runs ? _stopped.Remove(workload.Uid) : _stopped.Add(workload.Uid);
        }
        if (workload.Container?.Run is not { } run || runs == _runs.ContainsKey(workload.Uid))
        {
            return;
        }
        if (runs)
        {
            var stop = new CancellationTokenSource();
            _runs[workload.Uid] = (stop, run(stop.Token));
        }
        else if (_runs.Remove(workload.Uid, out var running))
        {
            await StopAsync(running).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var running in _runs.Values)
        {
            await StopAsync(running).ConfigureAwait(false);
        }
    }

    private static async Task StopAsync((CancellationTokenSource Stop, Task Running) run)
    {
        await run.Stop.CancelAsync().ConfigureAwait(false);
        await run.Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        run.Stop.Dispose();
    }
}
