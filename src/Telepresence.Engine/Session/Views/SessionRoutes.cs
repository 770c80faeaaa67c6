using System.Net;
using Telepresence.Client.Objects;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session.Planning;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session.Views;

/// <summary>What a view of the routes needs to know of one session.</summary>
internal sealed record SessionRoutes(
    string Session,
    int InterfaceIndex,
    SubnetPlan Plan,
    IReadOnlyList<SubnetMapping> Translations,
    IReadOnlyList<IPAddress> CapturedNameServers
)
{
    /// <summary>What the session means a prefix on its interface to be.</summary>
    public (
        RouteOrigin Origin,
        RouteDisposition Disposition,
        string ClusterPrefix,
        string Via,
        string Conflict
    ) Describe(IPNetwork prefix)
    {
        if (Plan.VirtualIPv4.Network.Covers(prefix) || Plan.VirtualIPv6?.Network.Covers(prefix) == true)
        {
            var behind = Translations.Where(t => t.Virtual.Overlaps(prefix)).Select(t => t.Cluster).ToArray();
            return (RouteOrigin.Virtual, RouteDisposition.Translated, string.Join(", ", behind), Via(behind), "");
        }
        var planned = Plan
            .Subnets.Where(s => s.Prefix.Overlaps(prefix))
            .OrderByDescending(s => s.Prefix.PrefixLength)
            .FirstOrDefault();
        if (planned is null)
        {
            return CapturedNameServers.Any(prefix.Contains)
                ? (RouteOrigin.Dns, RouteDisposition.Proxied, "", "", "")
                : (RouteOrigin.System, RouteDisposition.Excluded, "", "", "");
        }
        var origin = planned.Kind switch
        {
            SubnetKind.Service => RouteOrigin.Service,
            SubnetKind.Pod => RouteOrigin.Pod,
            _ => RouteOrigin.AlsoProxy,
        };
        return (
            origin,
            planned.Disposition,
            planned.Prefix.ToString(),
            planned.Workload,
            planned.Conflict?.Route.Destination.ToString() ?? ""
        );
    }

    private string Via(IReadOnlyList<IPNetwork> clusterPrefixes) =>
        string.Join(
            ", ",
            Plan.Subnets.Where(s => s.Workload.Length > 0 && clusterPrefixes.Any(c => c.Overlaps(s.Prefix)))
                .Select(s => s.Workload)
                .Distinct()
        );
}
