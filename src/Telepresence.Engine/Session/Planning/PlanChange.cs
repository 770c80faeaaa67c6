using System.Net;
using Telepresence.Client.Objects;

namespace Telepresence.Engine.Session.Planning;

/// <summary>
/// The plan of a connected session, made anew because cluster or machine changed, beside the one before. Pure.
/// </summary>
internal sealed record PlanChange
{
    private PlanChange(SubnetPlan before, SubnetPlan after)
    {
        Before = before;
        After = after;
    }

    public SubnetPlan Before { get; }

    /// <summary>What the session does from now on.</summary>
    public SubnetPlan After { get; }

    /// <summary>The two plans say the same.</summary>
    public bool IsNothing =>
        Before.Subnets.SequenceEqual(After.Subnets)
        && Before.NeverProxied.SequenceEqual(After.NeverProxied)
        && Before.VirtualIPv4 == After.VirtualIPv4
        && Before.VirtualIPv6 == After.VirtualIPv6;

    /// <summary>Conflicts that were not there before, resolved or not.</summary>
    public IEnumerable<PlannedSubnet> NewConflicts
    {
        get
        {
            var known = Before.Subnets.Where(HasConflict).Select(KeyOf).ToHashSet();
            return After.Subnets.Where(s => HasConflict(s) && !known.Contains(KeyOf(s)));
        }
    }

    /// <summary>
    /// A conflict that nothing resolves ends no session: what was routed before the other route came stays routed, and
    /// what appears later is left out.
    /// </summary>
    public static PlanChange Between(SubnetPlan before, SubnetPlan after) =>
        new(before, after with { Subnets = [.. after.Subnets.Select(s => Kept(s, before))] });

    /// <summary>The address was reached as it is, and is no longer: connections to it cannot go on.</summary>
    public bool Abandons(IPAddress address) => IsRouted(Before, address) && !IsRouted(After, address);

    private static PlannedSubnet Kept(PlannedSubnet subnet, SubnetPlan before) =>
        subnet.Resolution == ConflictResolution.Refused
        && before.Subnets.Any(s => s.Prefix == subnet.Prefix && s.Disposition == RouteDisposition.Proxied)
            ? subnet with
            {
                Disposition = RouteDisposition.Proxied,
            }
            : subnet;

    private static bool IsRouted(SubnetPlan plan, IPAddress address) =>
        plan.Subnets.Any(s => s.Disposition == RouteDisposition.Proxied && s.Prefix.Contains(address));

    private static bool HasConflict(PlannedSubnet subnet) => subnet.Conflict is not null;

    private static (IPNetwork, ConflictResolution, IPNetwork?, int?) KeyOf(PlannedSubnet subnet) =>
        (subnet.Prefix, subnet.Resolution, subnet.Conflict?.Route.Destination, subnet.Conflict?.Route.InterfaceIndex);
}
