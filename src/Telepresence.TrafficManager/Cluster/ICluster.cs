using System.Net;

namespace Telepresence.TrafficManager.Cluster;

/// <summary>How the manager reaches destinations in its cluster: real sockets in a pod, loopback listeners in the sandbox.</summary>
public interface IClusterDialer
{
    /// <summary>Opens a TCP connection.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">Its error code is what the client is told (refused, timed out …).</exception>
    ValueTask<System.Net.Sockets.Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken);

    /// <summary>A connected UDP socket.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The destination cannot be reached.</exception>
    ValueTask<System.Net.Sockets.Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken);
}

/// <summary>Cluster DNS as the manager's pod sees it.</summary>
public interface IClusterDns
{
    /// <param name="name">
    /// Absolute, lower case, trailing dot. The manager has applied the search path already: single labels, <c>svc.ns</c> and
    /// the like come as one absolute candidate after the other. An address answer that stands behind a CNAME is expected along
    /// with it: only records of <paramref name="type"/> reach the client.
    /// </param>
    /// <param name="type">RR type: A 1, NS 2, CNAME 5, PTR 12, MX 15, TXT 16, AAAA 28, SRV 33.</param>
    /// <param name="clientNamespace">Who asks.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    ValueTask<ClusterDnsAnswer> ResolveAsync(
        string name,
        ushort type,
        string clientNamespace,
        CancellationToken cancellationToken
    );
}

/// <summary>An answer of cluster DNS.</summary>
/// <param name="ResponseCode">RCODE of RFC 1035; 0 with no records is NODATA.</param>
/// <param name="Records">Decoded records; the manager encodes them uncompressed (PROTOCOL §3.1).</param>
public sealed record ClusterDnsAnswer(int ResponseCode, IReadOnlyList<ClusterDnsRecord> Records);

/// <summary>One record.</summary>
/// <param name="Name">Owner, absolute.</param>
/// <param name="Type">RR type number.</param>
/// <param name="Data">RDATA in wire format, without compression.</param>
/// <param name="TimeToLive">Seconds.</param>
public sealed record ClusterDnsRecord(string Name, ushort Type, byte[] Data, uint TimeToLive);

/// <summary>What the manager tells its clients of the cluster.</summary>
public interface IClusterState
{
    /// <summary>The present facts.</summary>
    ClusterFacts Current { get; }

    /// <summary>Raised after <see cref="Current"/> changed.</summary>
    event Action? Changed;
}

/// <summary>Facts behind WatchClusterInfo (PROTOCOL §1.8, §7.1).</summary>
public sealed record ClusterFacts
{
    /// <summary>UID of the manager's namespace.</summary>
    public required string InstallId { get; init; }

    /// <summary>Namespace the manager runs in.</summary>
    public required string ManagerNamespace { get; init; }

    /// <summary>Service CIDRs, one or two.</summary>
    public required IReadOnlyList<IPNetwork> ServiceSubnets { get; init; }

    /// <summary>Pod CIDRs.</summary>
    public required IReadOnlyList<IPNetwork> PodSubnets { get; init; }

    /// <summary>With trailing dot.</summary>
    public string ClusterDomain { get; init; } = "cluster.local.";

    /// <summary>Where cluster DNS answers; null: not known. Releases up to 2.22.4 tell it.</summary>
    public IPAddress? DnsAddress { get; init; }

    /// <summary>The manager's own pod address.</summary>
    public required IPAddress ManagerPodAddress { get; init; }

    /// <summary>Port of the manager's gRPC server as seen in the cluster.</summary>
    public int ManagerPodPort { get; init; } = 8081;

    /// <summary>Namespaces a client may connect to; null: any.</summary>
    public IReadOnlyList<string>? ManagedNamespaces { get; init; }

    /// <summary>The YAML of GetClientConfig; empty for none.</summary>
    public string ClientConfiguration { get; init; } = "";

    /// <summary>Names of variables that clients are not told of a container's environment.</summary>
    public IReadOnlyList<string> ExcludedEnvironment { get; init; } = [];

    /// <summary>Cluster-supplied routing.alsoProxySubnets.</summary>
    public IReadOnlyList<IPNetwork> AlsoProxy { get; init; } = [];

    /// <summary>Cluster-supplied routing.neverProxySubnets.</summary>
    public IReadOnlyList<IPNetwork> NeverProxy { get; init; } = [];

    /// <summary>Cluster-supplied routing.allowConflictingSubnets.</summary>
    public IReadOnlyList<IPNetwork> AllowConflicting { get; init; } = [];
}
