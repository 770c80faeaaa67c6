namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>Disconnects, and the kernel no longer has the interface.</summary>
internal sealed class DisconnectStep : IDemoStep
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(8);

    /// <inheritdoc/>
    public string Name => "disconnect";

    /// <inheritdoc/>
    public string Title => "Disconnect";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_patience);
        try
        {
            await stage.Driver.DisconnectAsync(stage, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new VerdictException($"not disconnected after {_patience.TotalSeconds:0} s");
        }
        var device = stage.Session.InterfaceAlias;
        var seen = await stage
            .WitnessAsync("ip", ["-br", "link", "show", "dev", device], cancellationToken)
            .ConfigureAwait(false);
        return seen.ExitCode == 1
            ? $"{device} is gone"
            : throw new VerdictException($"{device} is still there: {seen.FirstLine}");
    }

    /// <inheritdoc/>
    public async Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        // The engine is still there, but does nothing any more.
        var done = await ForeignProgram
            .RunAsync("sh", ["-c", $"kill -STOP {stage.EngineProcessId}"], cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        if (!done.Succeeded)
        {
            throw new InvalidOperationException($"`{done.CommandLine}`: {done.FirstLine}");
        }
    }
}
