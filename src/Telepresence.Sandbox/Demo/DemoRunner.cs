using System.Diagnostics;
using Telepresence.Sandbox.Demo.Report;

namespace Telepresence.Sandbox.Demo;

/// <summary>Runs the steps in order and stops at the first that fails: those after it would only fail for its sake.</summary>
internal sealed class DemoRunner(IReadOnlyList<IDemoStep> steps, IDemoReport report)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs them.</summary>
    /// <param name="sabotaged">Name of the step to damage first, or null.</param>
    /// <returns>True when every step's verdict was good.</returns>
    public async Task<bool> RunAsync(DemoStage stage, string? sabotaged, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            report.Begin(step);
            var result = await RunAsync(step, stage, step.Name == sabotaged, cancellationToken).ConfigureAwait(false);
            report.End(step, result, stage.TakeEvidence());
            if (!result.Ok)
            {
                return false;
            }
        }
        return true;
    }

    private static async Task<StepResult> RunAsync(
        IDemoStep step,
        DemoStage stage,
        bool sabotage,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_patience);
        try
        {
            if (sabotage)
            {
                await step.BreakAsync(stage, deadline.Token).ConfigureAwait(false);
            }
            var detail = await step.RunAsync(stage, deadline.Token).ConfigureAwait(false);
            return new StepResult(step.Name, true, clock.ElapsedMilliseconds, detail);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed($"not done within {_patience.TotalSeconds:0} s");
        }
        // Whatever went wrong is this step's verdict; it must not take the report of the steps before it away.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Failed(DemoFault.Describe(e));
        }

        StepResult Failed(string why) => new(step.Name, false, clock.ElapsedMilliseconds, why);
    }
}
