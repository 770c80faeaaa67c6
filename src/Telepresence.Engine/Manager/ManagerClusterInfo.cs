using System.Net;
using Google.Protobuf;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>What the manager says of its cluster.</summary>
internal sealed record ManagerClusterInfo
{
    public IReadOnlyList<IPNetwork> ServiceSubnets { get; init; } = [];

    public IReadOnlyList<IPNetwork> PodSubnets { get; init; } = [];

    public IReadOnlyList<IPNetwork> AlsoProxy { get; init; } = [];

    public IReadOnlyList<IPNetwork> NeverProxy { get; init; } = [];

    public IReadOnlyList<IPNetwork> AllowConflicting { get; init; } = [];

    public IReadOnlyList<string> IncludeSuffixes { get; init; } = [];

    public IReadOnlyList<string> ExcludeSuffixes { get; init; } = [];

    /// <summary>With trailing dot.</summary>
    public required string ClusterDomain { get; init; }

    /// <summary>Null when the manager did not say.</summary>
    public IPAddress? ManagerPodAddress { get; init; }

    public int ManagerPodPort { get; init; }

    /// <summary>Address of cluster DNS; managers up to 2.22.4 only.</summary>
    public IPAddress? KubeDnsAddress { get; init; }

    /// <summary>Subnets that make no sense are left out: one bad entry must not cost the rest.</summary>
    public static ManagerClusterInfo From(ClusterInfo info)
    {
        // Field 1 was re-used: 5 or 17 bytes are a CIDR, 4 or 16 the address of cluster DNS.
        var services = info.ServiceCidrsOrKubeDnsIp.Select(ToNetwork).OfType<IPNetwork>().ToList();
        if (ToNetwork(info.ServiceSubnet) is { } service && !services.Contains(service))
            services.Add(service);
        var routing = info.Routing ?? new Protocol.Manager.Routing();
        var dns = info.Dns ?? new DNS();
        var domain =
            dns.ClusterDomain.Length > 0 ? dns.ClusterDomain
            : info.ClusterDomain.Length > 0 ? info.ClusterDomain
            : "cluster.local.";
        return new ManagerClusterInfo
        {
            ServiceSubnets = services,
            PodSubnets = ToNetworks(info.PodSubnets),
            AlsoProxy = ToNetworks(routing.AlsoProxySubnets),
            NeverProxy = ToNetworks(routing.NeverProxySubnets),
            AllowConflicting = ToNetworks(routing.AllowConflictingSubnets),
            IncludeSuffixes = [.. dns.IncludeSuffixes],
            ExcludeSuffixes = [.. dns.ExcludeSuffixes],
            ClusterDomain = domain.EndsWith('.') ? domain : domain + ".",
            ManagerPodAddress = ToAddress(info.ManagerPodIp),
            ManagerPodPort = info.ManagerPodPort,
            KubeDnsAddress = info
                .ServiceCidrsOrKubeDnsIp.Select(ToAddress)
                .FirstOrDefault(address => address is not null),
        };
    }

    private static List<IPNetwork> ToNetworks(IEnumerable<IPNet> subnets) =>
        [.. subnets.Select(ToNetwork).OfType<IPNetwork>()];

    private static IPNetwork? ToNetwork(IPNet? subnet) =>
        subnet is not null && ToAddress(subnet.Ip) is { } address ? ToNetwork(address, subnet.Mask) : null;

    private static IPNetwork? ToNetwork(ByteString bytes) =>
        bytes.Length is 5 or 17 ? ToNetwork(new IPAddress(bytes.Span[..^1]), bytes[^1]) : null;

    private static IPNetwork? ToNetwork(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        if (prefixLength < 0 || prefixLength > bytes.Length * 8)
            return null;
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(prefixLength - (8 * i), 0, 8));
        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }

    private static IPAddress? ToAddress(ByteString bytes) => bytes.Length is 4 or 16 ? new IPAddress(bytes.Span) : null;
}
