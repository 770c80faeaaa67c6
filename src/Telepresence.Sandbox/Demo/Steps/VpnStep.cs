using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>The VPN keeps its addresses and its names, also the address that the cluster's service has inside.</summary>
internal sealed class VpnStep : IDemoStep
{
    /// <inheritdoc/>
    public string Name => "vpn";

    /// <inheritdoc/>
    public string Title => "The VPN keeps its names, and the addresses the cluster uses too";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        foreach (var host in (string[])[VpnNameServer.KnownHost, stage.Cluster.WebAddress.ToString()])
        {
            var seen = await WebPage.FetchAsync($"http://{host}/", cancellationToken).ConfigureAwait(false);
            stage.Show(seen);
            if (!seen.Succeeded || !seen.FirstLine.StartsWith(VpnWebSite.Greeting, StringComparison.Ordinal))
            {
                throw new VerdictException($"the VPN does not answer at {host}: {seen.Status}: {seen.FirstLine}");
            }
        }
        return $"{VpnNameServer.KnownHost} and {stage.Cluster.WebAddress} are answered by the VPN";
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        return DemoStage.SabotageAsync($"route del {VpnPlan.Prefix}", cancellationToken);
    }
}
