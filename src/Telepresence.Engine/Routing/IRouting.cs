using System.Net;

namespace Telepresence.Engine.Routing;

/// <summary>
/// The operating system's routing, seen whole and changed only through plans. One per engine: it owns the engine's
/// tables, rules, marks and preferences for all sessions.
/// </summary>
internal interface IRouting : IDisposable
{
    /// <summary>
    /// Every route of every table and both families, unreachable and blackhole ones marked as such, with interface
    /// names. Consistent: re-read when an interface vanished meanwhile.
    /// </summary>
    RoutingSnapshot Snapshot();

    /// <summary>Asks the kernel what it would do with a packet (RTM_GETROUTE), ports and protocol included.</summary>
    RouteLookup Lookup(RouteQuery query);

    /// <summary>
    /// Makes the machine's routing be what the plan says for that session, adding and removing only the difference to
    /// the session's plan before. Undoes its own part when it fails half-way.
    /// </summary>
    void Apply(int sessionSlot, RoutePlan plan);

    /// <summary>Removes all of a session. Never throws for what is gone already.</summary>
    void Clear(int sessionSlot);

    /// <summary>Removes rules, routes and tables of an engine that died, told by our protocol number. Returns what it undid, in words.</summary>
    IReadOnlyList<string> Repair();

    /// <summary>Raised, debounced, when routes, rules, addresses or links changed that are not ours.</summary>
    event Action? Changed;

    /// <summary>
    /// Makes a socket's traffic jump over our DNS captures and reach the name server itself (SO_MARK on Linux).
    /// </summary>
    void ExemptFromCapture(System.Net.Sockets.Socket socket);
}

/// <summary>What a session wants of the routing. Prefixes are disjoint from other sessions'.</summary>
internal sealed record RoutePlan
{
    /// <summary>The session's VIF.</summary>
    public required int InterfaceIndex { get; init; }

    /// <summary>Routed into the VIF; ordinary routes: a more specific foreign route wins.</summary>
    public IReadOnlyList<IPNetwork> Prefixes { get; init; } = [];

    /// <summary>Routed into the VIF even against more specific or better foreign routes (allowed conflicts).</summary>
    public IReadOnlyList<IPNetwork> OverridingPrefixes { get; init; } = [];

    /// <summary>Keep the route they had without us.</summary>
    public IReadOnlyList<IPNetwork> NeverProxied { get; init; } = [];

    /// <summary>Name servers whose DNS traffic (UDP and TCP port 53 from this machine) goes into the VIF.</summary>
    public IReadOnlyList<IPAddress> CapturedNameServers { get; init; } = [];
}

/// <summary>What a route is for the traffic that matches it.</summary>
internal enum RouteKind
{
    Unicast,
    Local,
    Broadcast,
    Multicast,
    Unreachable,
    Blackhole,
    Prohibit,
    Throw,
    Other,
}

/// <summary>One route of the operating system.</summary>
/// <param name="Destination">Prefix; /0 for a default route.</param>
/// <param name="Gateway">Null: on-link.</param>
/// <param name="InterfaceIndex">0 when the route has no interface (blackhole …).</param>
/// <param name="PreferredSource">The local address the route asks for, or null.</param>
/// <param name="Metric">Lower wins among equal prefixes of one table.</param>
/// <param name="Table">Linux routing table; 254 (main) elsewhere.</param>
/// <param name="Protocol">rtm_protocol on Linux: who installed it.</param>
/// <param name="IsOurs">Carries the protocol number of this project.</param>
internal sealed record SystemRoute(
    IPNetwork Destination,
    IPAddress? Gateway,
    int InterfaceIndex,
    string InterfaceName,
    IPAddress? PreferredSource,
    uint Metric,
    uint Table,
    byte Protocol,
    RouteKind Kind,
    bool IsOurs
);

/// <summary>An interface as the conflict detector and the cmdlets need it.</summary>
/// <param name="Kind">IFLA_INFO_KIND (<c>tun</c>, <c>wireguard</c>, <c>veth</c> …) or empty.</param>
/// <param name="Description">
/// What the system says it is: Windows' InterfaceDescription, macOS' agent description (<c>VPN: Tailscale Tunnel</c>); empty
/// on Linux.
/// </param>
internal sealed record SystemInterface(
    int Index,
    string Name,
    string Kind,
    bool IsUp,
    int Mtu,
    IReadOnlyList<IPNetwork> Addresses,
    IReadOnlyList<IPAddress> HostAddresses,
    string Description = ""
);

/// <param name="Rules">Null: the system has no policy rules, every route is asked.</param>
internal sealed record RoutingSnapshot(
    IReadOnlyList<SystemRoute> Routes,
    IReadOnlyList<SystemInterface> Interfaces,
    IReadOnlyList<SystemRule>? Rules = null
);

/// <summary>A question to the kernel's own look-up.</summary>
/// <param name="Protocol">6 or 17; null leaves it out, and the ports with it.</param>
internal sealed record RouteQuery(
    IPAddress Destination,
    byte? Protocol = null,
    ushort SourcePort = 0,
    ushort DestinationPort = 0
);

/// <summary>The kernel's answer.</summary>
/// <param name="Error">Null, or what the kernel said (<c>Network is unreachable</c>).</param>
internal sealed record RouteLookup(
    SystemRoute? Route,
    IPAddress? Source,
    IPAddress? NextHop,
    int InterfaceIndex,
    string InterfaceName,
    uint Table,
    string? Error
);
