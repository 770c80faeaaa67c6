namespace Telepresence.Engine.Engagements.Flows;

/// <summary>Tasks that run beside their owner, so many at most. Disposal cancels them and waits until they have ended.</summary>
/// <param name="most">How many at a time.</param>
/// <param name="faulted">Told what a task threw, other than its cancellation.</param>
internal sealed class RunningTasks(int most, Action<Exception> faulted) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _isEnding;

    /// <summary>Runs it on the thread pool; false, and it is not run, when there are as many as there may be, or at the end.</summary>
    public bool TryRun(Func<CancellationToken, Task> work)
    {
        lock (_gate)
        {
            if (_isEnding || _running == most)
                return false;
            _running++;
        }
        _ = RunAsync(work);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isEnding)
                return;
            _isEnding = true;
            if (_running == 0)
                _drained.SetResult();
        }
        await _ended.CancelAsync().ConfigureAwait(false);
        await _drained.Task.ConfigureAwait(false);
        _ended.Dispose();
    }

    /// <summary>Never faults.</summary>
    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await work(_ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // Its owner ends.
        }
#pragma warning disable CA1031 // The last frame of the task: one conversation must not take the engine along.
        catch (Exception e)
#pragma warning restore CA1031
        {
            faulted(e);
        }
        finally
        {
            lock (_gate)
            {
                if (--_running == 0 && _isEnding)
                    _drained.SetResult();
            }
        }
    }
}
