namespace Telepresence.Client.Objects;

/// <summary>Which way packets to an address go, as the operating system itself says, and why.</summary>
public sealed class TelepresenceRouteDecision
{
    /// <summary>The address asked for.</summary>
    public string RemoteAddress { get; set; } = "";

    /// <summary>The port asked for; 0 without.</summary>
    public int RemotePort { get; set; }

    /// <summary>Goes into a session's interface.</summary>
    public bool IsTelepresence { get; set; }

    /// <summary>The session, or empty.</summary>
    public string Session { get; set; } = "";

    /// <summary>Prefix of the route that wins; empty when there is no route.</summary>
    public string DestinationPrefix { get; set; } = "";

    /// <summary>Gateway; <c>0.0.0.0</c> or <c>::</c> when on-link.</summary>
    public string NextHop { get; set; } = "";

    /// <summary>Interface of the route that wins.</summary>
    public string InterfaceAlias { get; set; } = "";

    /// <summary>Index of the interface; 0 without a route.</summary>
    public uint InterfaceIndex { get; set; }

    /// <summary>The VPN or network behind the interface where it can be told, such as <c>WireGuard</c>; else empty.</summary>
    public string InterfaceOwner { get; set; } = "";

    /// <summary>Metric of the route that wins.</summary>
    public uint RouteMetric { get; set; }

    /// <summary>Routing table of the route that wins.</summary>
    public uint Table { get; set; }

    /// <summary>Local address that packets get as source.</summary>
    public string SourceAddress { get; set; } = "";

    /// <summary>Where the route comes from.</summary>
    public RouteOrigin Origin { get; set; }

    /// <summary>What is done with the address.</summary>
    public RouteDisposition Disposition { get; set; }

    /// <summary>Real address in the cluster; differs from the remote address where translated. Empty outside the cluster.</summary>
    public string ClusterAddress { get; set; } = "";

    /// <summary>
    /// Where the cluster's own address of that number is reached, when the subnet is translated and the address asked for leads
    /// elsewhere; else empty.
    /// </summary>
    public string VirtualAddress { get; set; } = "";

    /// <summary>Workload that the traffic leaves through, or empty.</summary>
    public string Via { get; set; } = "";

    /// <summary>A name that was resolved to the address, or empty.</summary>
    public string DnsName { get; set; } = "";

    /// <summary>What has the address in the cluster, such as <c>service/web.demo</c>, or empty.</summary>
    public string KubernetesObject { get; set; } = "";

    /// <summary>In one sentence, why it goes that way.</summary>
    public string Reason { get; set; } = "";

    /// <summary>The other routes that match the address, and why each lost.</summary>
    public TelepresenceRouteCandidate[] Candidates { get; set; } = [];

    /// <summary>The route that wins; null without one.</summary>
    public TelepresenceRoute? Route { get; set; }

    /// <summary>Address and interface.</summary>
    public override string ToString() => $"{RemoteAddress} dev {InterfaceAlias}";
}

/// <summary>A route that matches an address but does not win.</summary>
public sealed class TelepresenceRouteCandidate
{
    /// <summary>CIDR the route is for.</summary>
    public string DestinationPrefix { get; set; } = "";

    /// <summary>Gateway; <c>0.0.0.0</c> or <c>::</c> when on-link.</summary>
    public string NextHop { get; set; } = "";

    /// <summary>Name of the interface.</summary>
    public string InterfaceAlias { get; set; } = "";

    /// <summary>Index of the interface.</summary>
    public uint InterfaceIndex { get; set; }

    /// <summary>Metric of the route.</summary>
    public uint RouteMetric { get; set; }

    /// <summary>Routing table.</summary>
    public uint Table { get; set; }

    /// <summary>Why it lost, such as <c>less specific than 10.1.0.0/16</c>.</summary>
    public string LostBecause { get; set; } = "";

    /// <summary>Route and reason.</summary>
    public override string ToString() => $"{DestinationPrefix} dev {InterfaceAlias}: {LostBecause}";
}
