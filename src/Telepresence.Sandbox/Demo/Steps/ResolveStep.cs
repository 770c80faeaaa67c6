using System.Net;
using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>A service's name has a virtual address for every program of this machine.</summary>
internal sealed class ResolveStep : IDemoStep
{
    /// <inheritdoc/>
    public string Name => "resolve";

    /// <inheritdoc/>
    public string Title => "A service's name has a virtual address";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        var seen = await SystemResolver.LookUpAsync(DemoCluster.WebHost, cancellationToken).ConfigureAwait(false);
        stage.Show(seen);
        var address =
            SystemResolver.AddressIn(seen) ?? throw new VerdictException($"{DemoCluster.WebHost} has no address");
        if (!IPNetwork.TryParse(stage.Session.VirtualSubnet, out var virtualSubnet) || !virtualSubnet.Contains(address))
        {
            throw new VerdictException($"{address} is not in the virtual subnet '{stage.Session.VirtualSubnet}'");
        }
        return $"{DemoCluster.WebHost} → {address}, which stands for {stage.Cluster.WebAddress}";
    }

    /// <inheritdoc/>
    public async Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        foreach (var transport in (string[])["udp", "tcp"])
        {
            // Before every rule of ours: queries go to the VPN's name server again.
            await DemoStage
                .SabotageAsync(
                    $"rule add pref 1 to {VpnPlan.Gateway} ipproto {transport} dport 53 lookup main",
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }
}
