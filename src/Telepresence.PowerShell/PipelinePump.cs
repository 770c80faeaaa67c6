using System.Collections.Concurrent;

namespace Telepresence.PowerShell;

/// <summary>Carries actions from the thread pool to the thread that runs the pump. Bounded: a busy pipeline holds the work back.</summary>
internal sealed class PipelinePump : IDisposable
{
    private const int Capacity = 256;

    private readonly BlockingCollection<Action> _actions = new(Capacity);

    /// <summary>Runs the work and, meanwhile, what it posts. Returns when the work is over.</summary>
    /// <param name="work">Runs on the thread pool.</param>
    /// <param name="cancel">
    /// Cancelled when a posted action throws: PowerShell ends a pipeline by throwing from WriteObject (Select-Object -First).
    /// </param>
    /// <returns>The work's fault, or null.</returns>
    public Exception? Run(Func<Task> work, CancellationTokenSource cancel)
    {
        var running = Task.Run(async () =>
        {
            try
            {
                await work().ConfigureAwait(false);
                return null;
            }
#pragma warning disable CA1031 // Every fault becomes an error record, on the pipeline's thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                return e;
            }
            finally
            {
                _actions.CompleteAdding();
            }
        });
        try
        {
            foreach (var action in _actions.GetConsumingEnumerable())
            {
                action();
            }
        }
        catch
        {
            cancel.Cancel();
            Drain();
            running.GetAwaiter().GetResult();
            throw;
        }
        return running.GetAwaiter().GetResult();
    }

    /// <summary>Queues an action; waits while the queue is full.</summary>
    public void Post(Action action) => _actions.Add(action);

    /// <summary>Lets the work end: it may wait for room in the queue.</summary>
    private void Drain()
    {
        foreach (var _ in _actions.GetConsumingEnumerable()) { }
    }

    public void Dispose() => _actions.Dispose();
}
