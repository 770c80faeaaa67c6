using Telepresence.Client.Objects;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>Connects, and the kernel has the interface.</summary>
internal sealed class ConnectStep : IDemoStep
{
    /// <inheritdoc/>
    public string Name => "connect";

    /// <inheritdoc/>
    public string Title => "Connect, with virtual addresses for the whole cluster";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var session = await stage.Driver.ConnectAsync(stage, cancellationToken).ConfigureAwait(false);
        stage.Session = session;
        if (session.State != SessionState.Connected)
        {
            throw new VerdictException($"the session is {session.State}: {session.LastError}");
        }
        var seen = await stage
            .WitnessAsync("ip", ["-br", "address", "show", "dev", session.InterfaceAlias], cancellationToken)
            .ConfigureAwait(false);
        if (!seen.Succeeded || seen.FirstLine.Length == 0)
        {
            throw new VerdictException($"there is no interface {session.InterfaceAlias}");
        }
        return $"{session.InterfaceAlias} is up; {string.Join(", ", session.TranslatedSubnets)} → {session.VirtualSubnet}";
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        return DemoStage.SabotageAsync("address del 127.0.0.1/8 dev lo", cancellationToken);
    }
}
