using System.Diagnostics;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>A connection that a program holds open is in our list, and in the kernel's.</summary>
internal sealed class ConnectionsStep : IDemoStep
{
    private bool _hangUp;

    /// <inheritdoc/>
    public string Name => "connections";

    /// <inheritdoc/>
    public string Title => "Live connections are listed, with their real addresses";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var address = await stage.ResolveAsync(DemoCluster.EchoHost, cancellationToken).ConfigureAwait(false);
        await using var held = await HeldConnection
            .OpenAsync(DemoCluster.EchoHost, DemoCluster.EchoPort, cancellationToken)
            .ConfigureAwait(false);
        if (_hangUp)
        {
            await held.DisposeAsync().ConfigureAwait(false);
        }
        var seen = await stage
            .WitnessAsync("ss", ["-Htn", "state", "established", "dst", $"{address}"], cancellationToken)
            .ConfigureAwait(false);
        var connections = await stage.Driver.ListConnectionsAsync(stage, cancellationToken).ConfigureAwait(false);
        var listed = connections.FirstOrDefault(c =>
            c.Protocol == TransportProtocol.Tcp
            && c.RemoteAddress == address.ToString()
            && c.RemotePort == DemoCluster.EchoPort
            && c.State == "Established"
        );
        if (listed is null)
        {
            throw new VerdictException($"no connection to {address}:{DemoCluster.EchoPort} is listed");
        }
        if (!seen.Output.Contains($":{listed.LocalPort} ", StringComparison.Ordinal))
        {
            throw new VerdictException($"the kernel has no connection from port {listed.LocalPort}");
        }
        var detail =
            $"{listed.LocalAddress}:{listed.LocalPort} → {listed.RemoteAddress}:{listed.RemotePort} "
            + $"(really {listed.ClusterAddress}) {listed.State}";
        stage.Note(detail);
        return detail;
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        // The program that holds the connection ends before anyone looks.
        _hangUp = true;
        return Task.CompletedTask;
    }
}
