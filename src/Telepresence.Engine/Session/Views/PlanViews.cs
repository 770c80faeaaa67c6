using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Objects;
using Telepresence.Engine.Session.Planning;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session.Views;

/// <summary>Shows a <see cref="SubnetPlan"/> as users see it: subnets, conflicts and the ways out of them.</summary>
internal static class PlanViews
{
    public static IEnumerable<TelepresenceSubnet> Subnets(
        SubnetPlan plan,
        IReadOnlyList<SubnetMapping> translations,
        string session
    )
    {
        foreach (var subnet in plan.Subnets)
        {
            yield return Subnet(
                subnet.Prefix,
                subnet.Kind,
                subnet.Disposition,
                session,
                VirtualOf(subnet, translations),
                subnet.Workload
            );
        }
        foreach (var never in plan.NeverProxied)
            yield return Subnet(never, SubnetKind.Never, RouteDisposition.Excluded, session);
        if (!plan.Translated.Any())
            yield break;
        yield return Subnet(plan.VirtualIPv4.Network, SubnetKind.Virtual, RouteDisposition.Translated, session);
        if (
            plan.VirtualIPv6 is { } v6
            && plan.Translated.Any(t => t.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6)
        )
            yield return Subnet(v6.Network, SubnetKind.Virtual, RouteDisposition.Translated, session);
    }

    public static IEnumerable<TelepresenceConflict> Conflicts(
        SubnetPlan plan,
        IReadOnlyList<SubnetMapping> translations,
        SessionSettings settings
    ) => plan.Subnets.Select(subnet => Conflict(subnet, plan, translations, settings));

    /// <param name="subnet">One of the plan's.</param>
    public static TelepresenceConflict Conflict(
        PlannedSubnet subnet,
        SubnetPlan plan,
        IReadOnlyList<SubnetMapping> translations,
        SessionSettings settings
    ) =>
        new()
        {
            Subnet = subnet.Prefix.ToString(),
            Kind = subnet.Kind,
            ConflictingRoute = subnet.Conflict?.Route.Destination.ToString() ?? "",
            InterfaceAlias = subnet.Conflict?.Route.InterfaceName ?? "",
            Owner = subnet.Conflict?.Owner ?? "",
            Severity = SeverityOf(subnet),
            Resolution = subnet.Resolution,
            VirtualSubnet = VirtualOf(subnet, translations),
            Recommendation = subnet.Conflict is null ? "" : ConnectCommand.Recommended(plan, settings),
            Alternatives = [.. ConnectCommand.Alternatives(subnet, settings)],
        };

    /// <summary>Where translated subnets would be found; what the translation table of a session with this plan says.</summary>
    public static IReadOnlyList<SubnetMapping> Preview(SubnetPlan plan)
    {
        VirtualSubnet[] virtualSubnets = plan.VirtualIPv6 is { } v6 ? [plan.VirtualIPv4, v6] : [plan.VirtualIPv4];
        return new TranslationTable(virtualSubnets, plan.Translated).SubnetMap();
    }

    private static ConflictSeverity SeverityOf(PlannedSubnet subnet) =>
        subnet.Resolution switch
        {
            ConflictResolution.Translate => ConflictSeverity.Resolved,
            // The local route loses addresses that it served: allowed, but worth knowing.
            ConflictResolution.Allowed => ConflictSeverity.Warning,
            ConflictResolution.Refused => ConflictSeverity.Blocking,
            _ => ConflictSeverity.None,
        };

    private static string VirtualOf(PlannedSubnet subnet, IReadOnlyList<SubnetMapping> translations) =>
        subnet.Disposition == RouteDisposition.Translated
            ? translations.Where(t => t.Cluster == subnet.Prefix).Select(t => t.Virtual.ToString()).FirstOrDefault()
                ?? ""
            : "";

    private static TelepresenceSubnet Subnet(
        IPNetwork prefix,
        SubnetKind kind,
        RouteDisposition disposition,
        string session,
        string virtualSubnet = "",
        string via = ""
    ) =>
        new()
        {
            Subnet = prefix.ToString(),
            Kind = kind,
            Disposition = disposition,
            VirtualSubnet = virtualSubnet,
            Via = via,
            AddressFamily = RouteViews.FamilyOf(prefix.BaseAddress),
            Session = session,
        };
}
