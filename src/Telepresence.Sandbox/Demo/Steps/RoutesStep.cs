using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>What the kernel decides now and decided before, for the real and for the virtual address.</summary>
internal sealed class RoutesStep : IDemoStep
{
    /// <inheritdoc/>
    public string Name => "routes";

    /// <inheritdoc/>
    public string Title => "Virtual addresses go into the cluster, the VPN's stay the VPN's";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var address = await stage.ResolveAsync(DemoCluster.WebHost, cancellationToken).ConfigureAwait(false);
        var (real, _) = await RouteLookUp.AskAsync(stage.Cluster.WebAddress, cancellationToken).ConfigureAwait(false);
        var (translated, seen) = await RouteLookUp.AskAsync(address, cancellationToken).ConfigureAwait(false);
        stage.Show(seen);
        var realChange = $"{stage.RealBefore} → {real}";
        var virtualChange = $"{stage.VirtualBefore?.ToString() ?? "unknown"} → {translated}";
        stage.Note($"{stage.Cluster.WebAddress, -15} {realChange}");
        stage.Note($"{address, -15} {virtualChange}");
        if (translated.Device != stage.Session.InterfaceAlias)
        {
            throw new VerdictException($"{address} is {translated}, not dev {stage.Session.InterfaceAlias}");
        }
        if (real != stage.RealBefore)
        {
            throw new VerdictException($"{stage.Cluster.WebAddress}: {realChange}");
        }
        return $"{address}: {virtualChange}; {stage.Cluster.WebAddress}: {realChange}";
    }

    /// <inheritdoc/>
    public async Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var address = await stage.ResolveAsync(DemoCluster.WebHost, cancellationToken).ConfigureAwait(false);
        await DemoStage
            .SabotageAsync($"route add {address}/32 via {VpnPlan.Gateway} dev {VpnPlan.Interface}", cancellationToken)
            .ConfigureAwait(false);
        await DemoStage
            .SabotageAsync($"rule add pref 1 to {address}/32 lookup main", cancellationToken)
            .ConfigureAwait(false);
    }
}
