namespace Telepresence.Sandbox.Demo.Isolation;

/// <summary>
/// Standard input comes from the process that started this one and never carries anything: when it ends, that process
/// is gone, and this one goes too, and with it the namespaces.
/// </summary>
internal sealed class ParentWatch : IDisposable
{
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _gone;

    public ParentWatch(CancellationToken cancellationToken)
    {
        _gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        new Thread(Wait) { IsBackground = true, Name = "parent watch" }.Start();
    }

    /// <summary>Cancelled with the parent, or with the token given.</summary>
    public CancellationToken Token => _gone.Token;

    /// <inheritdoc/>
    public void Dispose() => _gone.Dispose();

    private void Wait()
    {
        using var input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
        {
            continue;
        }
        try
        {
            _gone.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return;
        }
        // A step that does not listen to its cancellation must not keep the namespaces alive.
        Thread.Sleep(_grace);
        Environment.Exit(DemoCommand.Interrupted);
    }
}
