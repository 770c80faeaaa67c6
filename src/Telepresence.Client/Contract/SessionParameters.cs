using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>Names a session.</summary>
/// <param name="Session">Null: every session of the engine.</param>
public sealed record SessionParameters(string? Session = null);

/// <summary>Waits for a state.</summary>
/// <param name="Session">Name of the session.</param>
/// <param name="State">State to wait for.</param>
/// <param name="TimeoutSeconds">Error id <c>Timeout</c> then; null: without end.</param>
public sealed record WaitParameters(string Session, SessionState State, double? TimeoutSeconds = null);

/// <summary>Asks for routes.</summary>
/// <param name="Session">Null: all sessions.</param>
/// <param name="IncludeSystem">The other routes of the machine too.</param>
public sealed record RoutesParameters(string? Session = null, bool IncludeSystem = false);

/// <summary>Asks which way packets would go.</summary>
/// <param name="Addresses">IP addresses.</param>
/// <param name="Protocol">With a protocol, routing rules on ports count too.</param>
/// <param name="RemotePort">Destination port; 0 without.</param>
public sealed record FindRouteParameters(
    IReadOnlyList<string> Addresses,
    TransportProtocol? Protocol = null,
    int RemotePort = 0
);

/// <summary>Asks what would collide.</summary>
public sealed record ConflictParameters
{
    /// <summary>Cluster whose subnets are tested; null with explicit subnets.</summary>
    public ClusterSelection? Cluster { get; set; }

    /// <summary>Namespace to connect to; null: the context's.</summary>
    public string? Namespace { get; set; }

    /// <summary>Where the traffic-manager runs; null: found.</summary>
    public string? ManagerNamespace { get; set; }

    /// <summary>Service subnets to test instead of asking a cluster.</summary>
    public IReadOnlyList<string> ServiceSubnets { get; set; } = [];

    /// <summary>Pod subnets to test instead of asking a cluster.</summary>
    public IReadOnlyList<string> PodSubnets { get; set; } = [];

    /// <summary>The rules of the connect that is planned.</summary>
    public SubnetSelection Subnets { get; set; } = new();

    /// <summary>Error id <c>Timeout</c> then; null: the engine's default.</summary>
    public double? TimeoutSeconds { get; set; }
}

/// <summary>Addresses of a session.</summary>
/// <param name="Addresses">IP addresses.</param>
/// <param name="Session">Null: the session whose subnets hold the address.</param>
public sealed record AddressParameters(IReadOnlyList<string> Addresses, string? Session = null);

/// <summary>A DNS question to a session.</summary>
/// <param name="Name">Name as a program on this machine would ask.</param>
/// <param name="Type">Record type, such as <c>A</c>; null: A and AAAA.</param>
/// <param name="Session">Null: the first session that knows the name.</param>
/// <param name="TimeoutSeconds">Error id <c>Timeout</c> then; null: the engine's default.</param>
public sealed record ResolveParameters(
    string Name,
    string? Type = null,
    string? Session = null,
    double? TimeoutSeconds = null
);

/// <summary>Asks for recent DNS queries.</summary>
/// <param name="Session">Null: all sessions.</param>
/// <param name="Last">How many at most.</param>
public sealed record DnsQueriesParameters(string? Session = null, int Last = 100);

/// <summary>Which connection: its 5-tuple.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="LocalAddress">Address on this machine.</param>
/// <param name="LocalPort">Port on this machine.</param>
/// <param name="RemoteAddress">Address the program connected to (virtual where translated).</param>
/// <param name="RemotePort">Port the program connected to.</param>
public sealed record ConnectionKey(
    TransportProtocol Protocol,
    string LocalAddress,
    int LocalPort,
    string RemoteAddress,
    int RemotePort
);

/// <summary>Ends connections.</summary>
/// <param name="Connections">What to end; unknown ones are passed over.</param>
public sealed record StopConnectionParameters(IReadOnlyList<ConnectionKey> Connections);

/// <summary>A typed error on the wire: the <c>data</c> of a JSON-RPC error.</summary>
/// <param name="Id">Id of <see cref="Errors.ErrorCatalogue"/>.</param>
/// <param name="Category">Name of a PowerShell error category.</param>
/// <param name="Message">What happened, and in short the way out.</param>
/// <param name="RecommendedAction">A command line to paste.</param>
/// <param name="TargetObject">What it is about, or null.</param>
/// <param name="HelpAnchor">Where the help says more.</param>
public sealed record ErrorData(
    string Id,
    string Category,
    string Message,
    string RecommendedAction,
    string? TargetObject,
    string HelpAnchor
);
