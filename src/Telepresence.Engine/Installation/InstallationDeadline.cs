using Telepresence.Client.Errors;

namespace Telepresence.Engine.Installation;

/// <summary>Bounds an installation; when it is late the error says which step it was at.</summary>
/// <param name="command">The cmdlet whose -TimeoutSeconds allows more.</param>
internal sealed class InstallationDeadline(TimeSpan timeout, string command, TimeProvider time)
{
    /// <param name="work">
    /// Given a token that ends with the time as well, and whether that is why it ended: then it may have a better error.
    /// </param>
    /// <exception cref="TelepresenceException">Timeout, or what the work throws.</exception>
    public async Task<T> RunAsync<T>(
        string target,
        IProgress<InstallationStep> progress,
        Func<IProgress<InstallationStep>, Func<bool>, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        using CancellationTokenSource late = new(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        LastStep steps = new(progress);
        try
        {
            return await work(steps, () => IsLate(late, cancellationToken), either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (IsLate(late, cancellationToken))
        {
            throw ErrorCatalogue.Error(
                ErrorId.Timeout,
                target,
                e,
                ("seconds", timeout.TotalSeconds),
                ("waiting", steps.Status),
                ("command", command)
            );
        }
    }

    private static bool IsLate(CancellationTokenSource late, CancellationToken cancellationToken) =>
        late.IsCancellationRequested && !cancellationToken.IsCancellationRequested;

    private sealed class LastStep(IProgress<InstallationStep> progress) : IProgress<InstallationStep>
    {
        public string Status { get; private set; } = "it had not begun";

        public void Report(InstallationStep value)
        {
            Status = value.Status;
            progress.Report(value);
        }
    }
}
