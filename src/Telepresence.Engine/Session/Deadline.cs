using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.Engine.Session;

/// <summary>Bounds work of several steps; when it is late the error says which step it was waiting for.</summary>
/// <param name="timeout">More than zero.</param>
/// <param name="command">The cmdlet whose -TimeoutSeconds allows more.</param>
internal sealed class Deadline(TimeSpan timeout, string command, TimeProvider time)
{
    /// <param name="target">What the work is about, for the error.</param>
    /// <param name="progress">Told each step.</param>
    /// <exception cref="TelepresenceException">Timeout, or any typed error of the work.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<T> RunAsync<T>(
        string? target,
        IProgress<ConnectStep>? progress,
        Func<IProgress<ConnectStep>, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        var waiting = "it had not begun";
        var steps = new Relay<ConnectStep>(step =>
        {
            waiting = step.Status;
            progress?.Report(step);
        });
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await work(steps, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
            when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ErrorCatalogue.Error(
                ErrorId.Timeout,
                target,
                e,
                ("seconds", timeout.TotalSeconds),
                ("waiting", waiting),
                ("command", command)
            );
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw SessionErrors.ToTyped(e);
        }
    }
}
