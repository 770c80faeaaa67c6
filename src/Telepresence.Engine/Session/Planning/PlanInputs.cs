using System.Net;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.Engine.Session.Planning;

/// <summary>Joins what user, configuration and cluster say into one <see cref="SubnetPlanInput"/>.</summary>
internal static class PlanInputs
{
    /// <param name="configuration">All layers, merged.</param>
    /// <param name="serverAddresses">The API server's: never proxied, or the port-forward would swallow itself.</param>
    public static SubnetPlanInput Join(
        SessionSettings settings,
        ClientConfiguration configuration,
        ManagerClusterInfo cluster,
        IReadOnlyList<IPAddress> serverAddresses,
        RoutingSnapshot routing
    ) =>
        new()
        {
            ServiceSubnets = cluster.ServiceSubnets,
            PodSubnets = cluster.PodSubnets,
            AlsoProxy = Union(settings.AlsoProxy, configuration.AlsoProxy, cluster.AlsoProxy),
            NeverProxy =
            [
                .. Union(settings.NeverProxy, configuration.NeverProxy, cluster.NeverProxy),
                // A link-local one is reached through its own interface whatever is routed.
                .. serverAddresses.Where(a => !a.IsIPv6LinkLocal).Select(a => a.AsNetwork()),
            ],
            AllowConflicting = Union(
                settings.AllowConflicting,
                configuration.AllowConflicting,
                cluster.AllowConflicting
            ),
            Translate = settings.Translate,
            AutoResolve = settings.AutoResolveConflicts ?? configuration.AutoResolveConflicts ?? true,
            VirtualSubnet = settings.VirtualSubnet ?? configuration.VirtualSubnet,
            Routing = routing,
        };

    /// <summary>What <see cref="SubnetPlanInput.Identity"/> is for a session of this installation.</summary>
    public static string IdentityOf(string installId, string session) => $"{installId}\n{session}";

    /// <summary>Lists from the cluster are added to local ones (PROTOCOL §4.2).</summary>
    private static IReadOnlyList<IPNetwork> Union(
        IReadOnlyList<IPNetwork> one,
        IReadOnlyList<IPNetwork>? other,
        IReadOnlyList<IPNetwork> third
    ) => [.. one.Concat(other ?? []).Concat(third).Distinct()];
}
