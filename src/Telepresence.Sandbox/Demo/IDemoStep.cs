namespace Telepresence.Sandbox.Demo;

/// <summary>One thing the demo shows.</summary>
internal interface IDemoStep
{
    /// <summary>Short name, as in <c>--break</c> and in the JSON.</summary>
    string Name { get; }

    /// <summary>What it shows, in one line.</summary>
    string Title { get; }

    /// <summary>Does it, and lets a program that is not ours judge it.</summary>
    /// <returns>What was seen, in one line.</returns>
    /// <exception cref="VerdictException">It is not as it should be.</exception>
    Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken);

    /// <summary>Damages what this step is about, just before it runs, so that its verdict must be "failed".</summary>
    Task BreakAsync(DemoStage stage, CancellationToken cancellationToken);
}
