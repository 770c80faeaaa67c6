using System.Net;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>
/// One layer of client configuration (PROTOCOL §5): config.yml, the manager's GetClientConfig, or a kubeconfig
/// extension. Null means "not set here", so that a lower layer shows through.
/// </summary>
internal sealed record ClientConfiguration
{
    public static ClientConfiguration Empty { get; } = new();

    /// <summary>First contact with the API server. Default 20 s.</summary>
    public TimeSpan? ClusterConnect { get; init; }

    /// <summary>Dial time-out carried in StreamInfo. Default 3 s.</summary>
    public TimeSpan? EndpointDial { get; init; }

    /// <summary>Added to the dial time-out before a dial counts as lost. Default 2 s.</summary>
    public TimeSpan? RoundtripLatency { get; init; }

    /// <summary>First gRPC answer of the traffic-manager. Default 15 s.</summary>
    public TimeSpan? TrafficManagerApi { get; init; }

    /// <summary>The whole connect. Default 60 s.</summary>
    public TimeSpan? TrafficManagerConnect { get; init; }

    /// <summary>One look-up at the traffic-manager. Default 4 s.</summary>
    public TimeSpan? DnsLookup { get; init; }

    public string? DefaultManagerNamespace { get; init; }
    public IReadOnlyList<string>? MappedNamespaces { get; init; }
    public IReadOnlyList<string>? DnsExcludeSuffixes { get; init; }
    public IReadOnlyList<string>? DnsIncludeSuffixes { get; init; }
    public IReadOnlyList<string>? DnsExcludes { get; init; }
    public IReadOnlyList<DnsMapping>? DnsMappings { get; init; }
    public IReadOnlyList<IPNetwork>? AlsoProxy { get; init; }
    public IReadOnlyList<IPNetwork>? NeverProxy { get; init; }
    public IReadOnlyList<IPNetwork>? AllowConflicting { get; init; }
    public IPNetwork? VirtualSubnet { get; init; }
    public bool? AutoResolveConflicts { get; init; }

    /// <summary>This layer over <paramref name="lower"/>: what is set here wins, lists as a whole.</summary>
    public ClientConfiguration Over(ClientConfiguration lower) =>
        new()
        {
            ClusterConnect = ClusterConnect ?? lower.ClusterConnect,
            EndpointDial = EndpointDial ?? lower.EndpointDial,
            RoundtripLatency = RoundtripLatency ?? lower.RoundtripLatency,
            TrafficManagerApi = TrafficManagerApi ?? lower.TrafficManagerApi,
            TrafficManagerConnect = TrafficManagerConnect ?? lower.TrafficManagerConnect,
            DnsLookup = DnsLookup ?? lower.DnsLookup,
            DefaultManagerNamespace = DefaultManagerNamespace ?? lower.DefaultManagerNamespace,
            MappedNamespaces = MappedNamespaces ?? lower.MappedNamespaces,
            DnsExcludeSuffixes = DnsExcludeSuffixes ?? lower.DnsExcludeSuffixes,
            DnsIncludeSuffixes = DnsIncludeSuffixes ?? lower.DnsIncludeSuffixes,
            DnsExcludes = DnsExcludes ?? lower.DnsExcludes,
            DnsMappings = DnsMappings ?? lower.DnsMappings,
            AlsoProxy = AlsoProxy ?? lower.AlsoProxy,
            NeverProxy = NeverProxy ?? lower.NeverProxy,
            AllowConflicting = AllowConflicting ?? lower.AllowConflicting,
            VirtualSubnet = VirtualSubnet ?? lower.VirtualSubnet,
            AutoResolveConflicts = AutoResolveConflicts ?? lower.AutoResolveConflicts,
        };
}
