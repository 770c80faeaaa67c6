namespace Telepresence.Client.Objects;

/// <summary>A route, with the property names of NetTCPIP's NetRoute and ours.</summary>
public sealed class TelepresenceRoute
{
    /// <summary>Lifetime of a route that does not expire: the longest TimeSpan, as Get-NetRoute shows it.</summary>
    public const string Infinite = "10675199.02:48:05.4775807";

    /// <summary>CIDR the route is for.</summary>
    public string DestinationPrefix { get; set; } = "";

    /// <summary>Gateway; <c>0.0.0.0</c> or <c>::</c> when on-link.</summary>
    public string NextHop { get; set; } = "";

    /// <summary>Name of the interface.</summary>
    public string InterfaceAlias { get; set; } = "";

    /// <summary>Index of the interface; 0 without.</summary>
    public uint InterfaceIndex { get; set; }

    /// <summary>The VPN or network behind the interface where it can be told, such as <c>WireGuard</c>; else empty.</summary>
    public string InterfaceOwner { get; set; } = "";

    /// <summary>Same as <see cref="InterfaceIndex"/>.</summary>
#pragma warning disable IDE1006, CA1707 // NetTCPIP spells these names in lower case.
    public uint ifIndex => InterfaceIndex;

    /// <summary>Metric of the interface; 0 on systems that have none.</summary>
    public uint InterfaceMetric { get; set; }

    /// <summary>Same as <see cref="InterfaceMetric"/>.</summary>
    public uint ifMetric => InterfaceMetric;
#pragma warning restore IDE1006, CA1707

    /// <summary>Metric of the route; the lowest wins among equal prefixes.</summary>
    public uint RouteMetric { get; set; }

    /// <summary>IPv4 or IPv6.</summary>
    public AddressFamilyName AddressFamily { get; set; }

    /// <summary>Who made the route, such as <c>NetMgmt</c>, <c>Local</c>, <c>Dhcp</c>, <c>Telepresence</c>.</summary>
    public string Protocol { get; set; } = "";

    /// <summary><c>Alive</c>, or why not.</summary>
    public string State { get; set; } = "Alive";

    /// <summary>Store of the route: <c>ActiveStore</c>.</summary>
    public string Store { get; set; } = "ActiveStore";

    /// <summary>Store of the route: <c>ActiveStore</c>.</summary>
    public string PolicyStore { get; set; } = "ActiveStore";

    /// <summary><c>Unicast</c>, <c>Local</c>, <c>Broadcast</c>, <c>Multicast</c>, <c>Unreachable</c>, <c>Blackhole</c> …</summary>
    public string TypeOfRoute { get; set; } = "Unicast";

    /// <summary>A TimeSpan as text.</summary>
    public string ValidLifetime { get; set; } = Infinite;

    /// <summary>A TimeSpan as text.</summary>
    public string PreferredLifetime { get; set; } = Infinite;

    /// <summary>Name of the session; empty for a route that is not ours.</summary>
    public string Session { get; set; } = "";

    /// <summary>Where it comes from.</summary>
    public RouteOrigin Origin { get; set; }

    /// <summary>What is done with it.</summary>
    public RouteDisposition Disposition { get; set; }

    /// <summary>Cluster CIDR behind it: differs from the destination where translated; empty for system routes.</summary>
    public string ClusterPrefix { get; set; } = "";

    /// <summary>Workload that its traffic leaves through, or empty.</summary>
    public string Via { get; set; } = "";

    /// <summary>The local route that it collides with, or empty.</summary>
    public string Conflict { get; set; } = "";

    /// <summary>Routing table; 254 is main on Linux.</summary>
    public uint Table { get; set; }

    /// <summary>Destination and, where there is one yet, interface.</summary>
    public override string ToString() =>
        InterfaceAlias.Length == 0 ? DestinationPrefix : $"{DestinationPrefix} dev {InterfaceAlias}";
}
