using System.Net;
using Telepresence.Client.Objects;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session.Planning;

/// <summary>What a connect knows before it decides (DESIGN §5, PROTOCOL §4.2). Lists of all configuration layers, already joined.</summary>
internal sealed record SubnetPlanInput
{
    public IReadOnlyList<IPNetwork> ServiceSubnets { get; init; } = [];
    public IReadOnlyList<IPNetwork> PodSubnets { get; init; } = [];
    public IReadOnlyList<IPNetwork> AlsoProxy { get; init; } = [];
    public IReadOnlyList<IPNetwork> NeverProxy { get; init; } = [];
    public IReadOnlyList<IPNetwork> AllowConflicting { get; init; } = [];

    /// <summary>What the user wants translated whether it collides or not.</summary>
    public IReadOnlyList<TranslationRequest> Translate { get; init; } = [];

    /// <summary>False: a conflict that nobody allowed is refused instead of translated.</summary>
    public bool AutoResolve { get; init; } = true;

    /// <summary>The virtual subnet the user or the configuration names.</summary>
    public IPNetwork? VirtualSubnet { get; init; }

    /// <summary>The virtual subnets of the session whose plan is made anew: what it has handed out stays valid.</summary>
    public VirtualSubnet? KeptVirtualIPv4 { get; init; }

    /// <inheritdoc cref="KeptVirtualIPv4"/>
    public VirtualSubnet? KeptVirtualIPv6 { get; init; }

    /// <summary>Installation and session: the same ones are given the same virtual subnet where that is free.</summary>
    public string Identity { get; init; } = "";

    /// <summary>Virtual subnets of the engine's other sessions.</summary>
    public IReadOnlyList<(string Session, IPNetwork Subnet)> VirtualSubnetsInUse { get; init; } = [];

    public required RoutingSnapshot Routing { get; init; }

    /// <summary>The session's own interface, whose routes are no conflict; 0 before there is one.</summary>
    public int OwnInterfaceIndex { get; init; }
}

/// <summary>One <c>-Vnat</c> or <c>-ProxyVia</c> entry: a CIDR or everything of one kind.</summary>
/// <param name="Network">Null when the entry is a symbol.</param>
/// <param name="Kind">Which subnets a symbol means; null for <c>all</c> and for a CIDR.</param>
/// <param name="Workload">Whose agent the traffic leaves through; empty: by the normal rules.</param>
internal sealed record TranslationRequest(IPNetwork? Network, SubnetKind? Kind, string Workload = "")
{
    public override string ToString() =>
        Network?.ToString()
        ?? Kind switch
        {
            SubnetKind.Service => "service",
            SubnetKind.Pod => "pods",
            SubnetKind.Also => "also",
            _ => "all",
        };
}

/// <summary>A subnet and what is done with it.</summary>
/// <param name="Prefix">Real addresses in the cluster.</param>
/// <param name="Conflict">The local route it collides with, if any.</param>
internal sealed record PlannedSubnet(
    IPNetwork Prefix,
    SubnetKind Kind,
    RouteDisposition Disposition,
    ConflictResolution Resolution,
    RouteConflict? Conflict,
    string Workload = ""
);

/// <summary>The decision. Says nothing about devices: those follow from it.</summary>
internal sealed record SubnetPlan
{
    public required IReadOnlyList<PlannedSubnet> Subnets { get; init; }

    /// <summary>Where virtual IPv4 addresses and the VIF's own address come from; chosen even if nothing is translated.</summary>
    public required VirtualSubnet VirtualIPv4 { get; init; }

    /// <summary>Null where the cluster has no IPv6 subnet.</summary>
    public VirtualSubnet? VirtualIPv6 { get; init; }

    /// <summary>Never-proxied subnets that touch something routed, and so need care (PROTOCOL §4.2).</summary>
    public IReadOnlyList<IPNetwork> NeverProxied { get; init; } = [];

    public IEnumerable<IPNetwork> Translated => With(RouteDisposition.Translated).Select(s => s.Prefix);

    /// <summary>Translated subnets whose traffic leaves through a workload's agent.</summary>
    public IEnumerable<(IPNetwork Subnet, string Workload)> Workloads =>
        With(RouteDisposition.Translated).Where(s => s.Workload.Length > 0).Select(s => (s.Prefix, s.Workload));

    /// <summary>Routed as they are, without any claim on foreign routes.</summary>
    public IEnumerable<IPNetwork> Proxied =>
        With(RouteDisposition.Proxied).Where(s => s.Resolution != ConflictResolution.Allowed).Select(s => s.Prefix);

    /// <summary>Routed as they are, over local routes, because the user allowed it.</summary>
    public IEnumerable<IPNetwork> Overriding =>
        With(RouteDisposition.Proxied).Where(s => s.Resolution == ConflictResolution.Allowed).Select(s => s.Prefix);

    /// <summary>The first conflict that nothing resolves; connecting must refuse.</summary>
    public PlannedSubnet? Refused => Subnets.FirstOrDefault(s => s.Resolution == ConflictResolution.Refused);

    private IEnumerable<PlannedSubnet> With(RouteDisposition disposition) =>
        Subnets.Where(s => s.Disposition == disposition);
}
