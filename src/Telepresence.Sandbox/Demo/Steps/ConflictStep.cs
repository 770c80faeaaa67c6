using System.Net;
using Telepresence.Client.Objects;
using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.Sandbox.Demo.Steps;

/// <summary>The VPN's route covers the cluster's subnets, and we say so.</summary>
internal sealed class ConflictStep : IDemoStep
{
    /// <inheritdoc/>
    public string Name => "conflict";

    /// <inheritdoc/>
    public string Title => "The VPN's route covers the cluster's subnets";

    /// <inheritdoc/>
    public async Task<string> RunAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        stage.Before = await MachineState.RecordAsync(cancellationToken).ConfigureAwait(false);
        var (route, seen) = await RouteLookUp
            .AskAsync(stage.Cluster.WebAddress, cancellationToken)
            .ConfigureAwait(false);
        stage.Show(seen);
        if (route.Device != VpnPlan.Interface)
        {
            throw new VerdictException($"{stage.Cluster.WebAddress} is {route}, so there is no conflict to show");
        }
        var conflicts = await stage.Driver.TestConflictAsync(stage, cancellationToken).ConfigureAwait(false);
        var found =
            conflicts.FirstOrDefault(c => c.Kind == SubnetKind.Service && c.InterfaceAlias == VpnPlan.Interface)
            ?? throw new VerdictException($"no conflict with {VpnPlan.Interface} was reported");
        if (found.ConflictingRoute != VpnPlan.Prefix || found.Resolution != ConflictResolution.Translate)
        {
            throw new VerdictException(
                $"{found.Subnet}: {found.Resolution} because of {found.ConflictingRoute}, not Translate because of {VpnPlan.Prefix}"
            );
        }
        stage.RealBefore = route;
        if (IPNetwork.TryParse(found.VirtualSubnet, out var virtualSubnet))
        {
            (stage.VirtualBefore, _) = await RouteLookUp
                .AskAsync(virtualSubnet.BaseAddress, cancellationToken)
                .ConfigureAwait(false);
        }
        var detail =
            $"{found.Subnet} collides with {found.ConflictingRoute} dev {found.InterfaceAlias}: {found.Resolution}";
        stage.Note(detail);
        return detail;
    }

    /// <inheritdoc/>
    public Task BreakAsync(DemoStage stage, CancellationToken cancellationToken)
    {
        return DemoStage.SabotageAsync($"route del {VpnPlan.Prefix}", cancellationToken);
    }
}
