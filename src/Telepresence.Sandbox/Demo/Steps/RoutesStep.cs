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
        stage.Note($"{stage.Cluster.WebAddress, -15} via {VpnPlan.Gateway} dev {VpnPlan.Interface} → {real}");
        stage.Note($"{address, -15} unreachable → {translated}");
        if (translated.Device != stage.Session.InterfaceAlias)
        {
            throw new VerdictException($"{address} is {translated}, not dev {stage.Session.InterfaceAlias}");
        }
        if (real.Device != VpnPlan.Interface)
        {
            throw new VerdictException($"{stage.Cluster.WebAddress} is {real}, not dev {VpnPlan.Interface}");
        }
        return $"{address}: unreachable → {translated}; {stage.Cluster.WebAddress}: {real}, as before";
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
