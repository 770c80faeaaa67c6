using System.Diagnostics;
using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>Interfaces, routes, rules, name servers and processes are as before the connect.</summary>
internal sealed class CleanStep : IDemoStep
{
    private static readonly TimeSpan _engineMayEndWithin = TimeSpan.FromSeconds(8);

    /// <inheritdoc/>
    public string Name => "clean";

    /// <inheritdoc/>
    public string Title => "Nothing is left: routes, rules, names, the engine's process";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var now = await MachineState.RecordAsync(cancellationToken).ConfigureAwait(false);
        if (stage.Before.DifferenceTo(now) is [var first, ..] differences)
        {
            throw new VerdictException($"{differences.Count} differences, the first: {first}");
        }
        await stage.WitnessAsync("ip", ["-br", "link", "show", "type", "tun"], cancellationToken).ConfigureAwait(false);
        var (route, seenRoute) = await RouteLookUp
            .AskAsync(stage.Cluster.WebAddress, cancellationToken)
            .ConfigureAwait(false);
        stage.Show(seenRoute);
        var gone = await SystemResolver.LookUpAsync(DemoCluster.WebHost, cancellationToken).ConfigureAwait(false);
        stage.Show(gone);
        if (SystemResolver.AddressIn(gone) is { } address)
        {
            throw new VerdictException($"{DemoCluster.WebHost} still has the address {address}");
        }
        var kept = await SystemResolver.LookUpAsync(VpnNameServer.KnownHost, cancellationToken).ConfigureAwait(false);
        if (!VpnNameServer.KnownAddress.Equals(SystemResolver.AddressIn(kept)) || route.Device != VpnPlan.Interface)
        {
            throw new VerdictException(
                $"the VPN is not as before: {VpnNameServer.KnownHost}: {kept.FirstLine}, {route}"
            );
        }
        await EngineEndedAsync(stage.Session.EngineProcessId, cancellationToken).ConfigureAwait(false);
        return "interfaces, routes, rules and names are as before; the engine has ended";
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        return DemoStage.SabotageAsync(
            $"route add {stage.Cluster.WebAddress}/32 via {VpnPlan.Gateway} dev {VpnPlan.Interface}",
            cancellationToken
        );
    }

    private static async Task EngineEndedAsync(int processId, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_engineMayEndWithin);
        try
        {
            using var engine = Process.GetProcessById(processId);
            await engine.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            // Already gone.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new VerdictException($"the engine, process {processId}, still runs");
        }
    }
}
