namespace Telepresence.Engine.Session;

/// <summary>
/// What a session has done to the machine, as steps that take it back, the last one first. One that fails is reported, and
/// the others are taken all the same.
/// </summary>
/// <param name="failed">Told what a step threw.</param>
internal sealed class UndoSteps(Action<Exception> failed)
{
    private readonly Stack<Func<ValueTask>> _steps = new();

    /// <summary>Nothing is left to undo.</summary>
    public bool IsEmpty => _steps.Count == 0;

    public void Push(Action step) =>
        _steps.Push(() =>
        {
            step();
            return ValueTask.CompletedTask;
        });

    public void Push(Func<ValueTask> step) => _steps.Push(step);

    /// <summary>Takes every step; never throws.</summary>
    public async Task RunAsync()
    {
        while (_steps.TryPop(out var step))
        {
            try
            {
                await step().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The steps below must be taken whatever becomes of this one.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failed(e);
            }
        }
    }
}
