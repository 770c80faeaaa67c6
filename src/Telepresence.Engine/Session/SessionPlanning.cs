using System.Net;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session.Planning;
using Telepresence.Engine.Session.Views;

namespace Telepresence.Engine.Session;

/// <summary>Finds out what a connect would do, without doing it and without privilege.</summary>
internal sealed class SessionPlanning(SessionServices services)
{
    /// <summary>What a connect with these settings would do.</summary>
    public Task<ConnectPlan> PlanAsync(
        SessionSettings settings,
        IProgress<ConnectStep> progress,
        CancellationToken cancellationToken
    ) =>
        settings
            .DeadlineFor("Connect-Telepresence", services)
            .RunAsync(
                settings.Name,
                progress,
                (steps, token) => PlanInTimeAsync(settings, steps, token),
                cancellationToken
            );

    private async Task<ConnectPlan> PlanInTimeAsync(
        SessionSettings settings,
        IProgress<ConnectStep> progress,
        CancellationToken cancellationToken
    )
    {
        using var access = services.OpenCluster(settings, services.LocalConfiguration);
        await using var link = NewLink(settings, access);
        var info = await link.ConnectAsync(progress, cancellationToken).ConfigureAwait(false);
        progress.Report(new ConnectStep(ConnectStage.Plan, "looking for conflicts with local routes"));
        var plan = await MakeAsync(settings, access, link, info, cancellationToken).ConfigureAwait(false);
        var translations = PlanViews.Preview(plan);
        var name = SessionRegistry.NameOf(settings, access);
        return new ConnectPlan
        {
            Name = name,
            Context = access.Context,
            Server = access.Server,
            Namespace = settings.Namespace ?? access.DefaultNamespace,
            ManagerNamespace = access.ManagerNamespace,
            ManagerVersion = link.Connection.ManagerVersion,
            VirtualSubnet = plan.Translated.Any() ? plan.VirtualIPv4.Network.ToString() : "",
            NeedsElevation = !Environment.IsPrivilegedProcess,
            IsPossible = plan.Refused is null,
            Subnets = [.. PlanViews.Subnets(plan, translations, name)],
            Routes = [.. PlannedRoutes(plan, name)],
            Conflicts = [.. PlanViews.Conflicts(plan, translations, settings)],
        };
    }

    /// <summary>What each subnet of a cluster, or each given one, collides with.</summary>
    public async Task<TelepresenceConflict[]> TestAsync(
        ConflictParameters parameters,
        CancellationToken cancellationToken
    )
    {
        var settings = SessionSettings.Parse(parameters);
        var plan =
            parameters.ServiceSubnets.Count + parameters.PodSubnets.Count > 0
                ? PlanGiven(parameters, settings)
                : await settings
                    .DeadlineFor("Test-TelepresenceConflict", services)
                    .RunAsync(null, null, (steps, token) => PlanClusterAsync(settings, steps, token), cancellationToken)
                    .ConfigureAwait(false);
        return [.. PlanViews.Conflicts(plan, PlanViews.Preview(plan), settings)];
    }

    private SubnetPlan PlanGiven(ConflictParameters parameters, SessionSettings settings)
    {
        var given = new ManagerClusterInfo
        {
            ClusterDomain = "",
            ServiceSubnets = SubnetParser.ParseNetworks(parameters.ServiceSubnets, "ServiceSubnet"),
            PodSubnets = SubnetParser.ParseNetworks(parameters.PodSubnets, "PodSubnet"),
        };
        SubnetChecks.Check(given.ServiceSubnets, "ServiceSubnet");
        SubnetChecks.Check(given.PodSubnets, "PodSubnet");
        return SubnetPlanner.Plan(
            PlanInputs.Join(settings, services.LocalConfiguration, given, [], services.Routing.Snapshot())
        );
    }

    private async Task<SubnetPlan> PlanClusterAsync(
        SessionSettings settings,
        IProgress<ConnectStep> progress,
        CancellationToken cancellationToken
    )
    {
        using var access = services.OpenCluster(settings, services.LocalConfiguration);
        await using var link = NewLink(settings, access);
        var info = await link.ConnectAsync(progress, cancellationToken).ConfigureAwait(false);
        return await MakeAsync(settings, access, link, info, cancellationToken).ConfigureAwait(false);
    }

    private ClusterLink NewLink(SessionSettings settings, IClusterAccess access) =>
        new(
            access,
            ManagerOptions.Make(services, settings.Namespace ?? access.DefaultNamespace, access),
            services.Loggers
        );

    private async Task<SubnetPlan> MakeAsync(
        SessionSettings settings,
        IClusterAccess access,
        ClusterLink link,
        ManagerClusterInfo info,
        CancellationToken cancellationToken
    )
    {
        var servers = await access.GetServerAddressesAsync(cancellationToken).ConfigureAwait(false);
        var configuration = ManagerOptions.MergedConfiguration(services, access, link.Connection);
        return SubnetPlanner.Plan(
            PlanInputs.Join(settings, configuration, info, servers, services.Routing.Snapshot()) with
            {
                Identity = PlanInputs.IdentityOf(services.InstallId, SessionRegistry.NameOf(settings, access)),
            }
        );
    }

    private static IEnumerable<TelepresenceRoute> PlannedRoutes(SubnetPlan plan, string session)
    {
        foreach (var subnet in plan.Subnets.Where(s => s.Disposition == RouteDisposition.Proxied))
        {
            yield return Route(
                subnet.Prefix,
                subnet.Kind switch
                {
                    SubnetKind.Service => RouteOrigin.Service,
                    SubnetKind.Pod => RouteOrigin.Pod,
                    _ => RouteOrigin.AlsoProxy,
                },
                RouteDisposition.Proxied,
                subnet.Prefix.ToString(),
                session
            );
        }
        if (plan.Translated.Any())
        {
            var behind = string.Join(", ", plan.Translated);
            yield return Route(
                plan.VirtualIPv4.Network,
                RouteOrigin.Virtual,
                RouteDisposition.Translated,
                behind,
                session
            );
        }
    }

    private static TelepresenceRoute Route(
        IPNetwork prefix,
        RouteOrigin origin,
        RouteDisposition disposition,
        string clusterPrefix,
        string session
    ) =>
        new()
        {
            DestinationPrefix = prefix.ToString(),
            NextHop = RouteViews.AnyAddress(prefix).ToString(),
            AddressFamily = RouteViews.FamilyOf(prefix.BaseAddress),
            Protocol = "Telepresence",
            State = "Planned",
            Session = session,
            Origin = origin,
            Disposition = disposition,
            ClusterPrefix = clusterPrefix,
        };
}
