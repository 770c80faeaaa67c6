using System.Net;
using System.Net.Sockets;
using Telepresence.Sandbox.Cluster;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.ClusterDns;

/// <summary>Cluster DNS by the Kubernetes DNS specification 1.1.0, plus a resolver's search path for relative names.</summary>
/// <param name="topology">The present cluster.</param>
/// <param name="samples">Further records, for types a cluster does not have by itself.</param>
internal sealed class ClusterDnsZone(Func<Topology> topology, IReadOnlyList<ClusterDnsRecord> samples) : IClusterDns
{
    public const string Domain = "cluster.local.";
    private const int NoError = 0;
    private const int NameError = 3;
    private const uint TimeToLive = 30;
    private const int MaxAliases = 8;

    // A pod's resolv.conf says ndots:5: names with fewer dots go through the search list first.
    private const int SearchedDots = 5;

    private static readonly ClusterDnsAnswer s_nameError = new(NameError, []);
    private static readonly ClusterDnsAnswer s_noData = new(NoError, []);

    /// <inheritdoc/>
    public ValueTask<ClusterDnsAnswer> ResolveAsync(
        string name,
        ushort type,
        string clientNamespace,
        CancellationToken cancellationToken
    ) => ValueTask.FromResult(Resolve(name.ToLowerInvariant(), type, clientNamespace));

    private ClusterDnsAnswer Resolve(string name, ushort type, string clientNamespace)
    {
        var absolute = ResolveAbsolute(name, type);
        if (
            absolute.Records.Count > 0
            || ReverseName.IsReverse(name)
            || IsWithin(name, Domain)
            || name.Count(c => c == '.') - 1 >= SearchedDots
        )
        {
            return absolute;
        }
        var best = absolute;
        foreach (var suffix in (string[])[$"{clientNamespace}.svc.{Domain}", $"svc.{Domain}", Domain])
        {
            var expanded = name + suffix;
            var answer = ResolveAbsolute(expanded, type);
            if (answer.Records.Count > 0)
            {
                // The asker knows the name it asked for, not the search list.
                return new(NoError, [.. answer.Records.Select(r => r.Name == expanded ? r with { Name = name } : r)]);
            }
            if (answer.ResponseCode == NoError)
            {
                best = answer;
            }
        }
        return best;
    }

    private ClusterDnsAnswer ResolveAbsolute(string name, ushort type)
    {
        var records = new List<ClusterDnsRecord>();
        for (var aliases = 0; aliases < MaxAliases; aliases++)
        {
            var answer = ResolveOnce(name, type);
            records.AddRange(answer.Records);
            if (
                type == RecordType.Cname
                || answer.Records is not [{ Type: RecordType.Cname }]
                || topology().Services.FirstOrDefault(s => ServiceName(s) == name)?.ExternalName is not { } target
            )
            {
                return records.Count == 0 ? answer : new(NoError, records);
            }
            name = target;
        }
        return new(NoError, records);
    }

    private ClusterDnsAnswer ResolveOnce(string name, ushort type)
    {
        var sample = samples.Where(s => s.Name == name).ToList();
        if (sample.Count > 0)
        {
            return new(NoError, [.. sample.Where(s => s.Type == type)]);
        }
        if (ReverseName.IsReverse(name))
        {
            return Reverse(name, type);
        }
        if (name == Domain)
        {
            return type == RecordType.Ns ? Answer(name, type, ResourceData.Name("ns.dns." + Domain)) : s_noData;
        }
        if (!IsWithin(name, Domain))
        {
            return s_nameError;
        }
        var labels = name[..^(Domain.Length + 1)].Split('.');
        return labels switch
        {
            ["svc"] or ["pod"] or ["dns"] => s_noData,
            ["dns-version"] => type == RecordType.Txt ? Answer(name, type, ResourceData.Text("1.1.0")) : s_noData,
            ["ns", "dns"] => Addresses(name, type, topology().FindService("kube-system", "kube-dns")?.Addresses ?? []),
            [var ns, "svc" or "pod"] => topology().Namespaces.Contains(ns) ? s_noData : s_nameError,
            [var address, var ns, "pod"] => Pod(name, type, address, ns),
            [.. var rest, var service, var ns, "svc"] when topology().FindService(ns, service) is { } found => Service(
                name,
                type,
                found,
                rest
            ),
            _ => s_nameError,
        };
    }

    private ClusterDnsAnswer Service(string name, ushort type, ServiceSpec service, string[] labels)
    {
        if (service.ExternalName is { } target)
        {
            return labels.Length > 0 ? s_nameError
                : type is RecordType.A or RecordType.Aaaa or RecordType.Cname
                    ? Answer(name, RecordType.Cname, ResourceData.Name(target))
                : s_noData;
        }
        switch (labels)
        {
            case []:
                return Addresses(name, type, service.IsHeadless ? PodAddresses(service) : service.Addresses);
            case [['_', .. var protocol]]:
                return service.Ports.Any(p => ProtocolName(p) == protocol) ? s_noData : s_nameError;
            case [var endpoint] when service.IsHeadless:
                var address = PodAddresses(service).FirstOrDefault(a => Dashed(a) == endpoint);
                return address is null ? s_nameError : Addresses(name, type, [address]);
            case [['_', .. var port], ['_', .. var protocol]]:
                var found = service.Ports.FirstOrDefault(p => p.Name == port && ProtocolName(p) == protocol);
                return found is null ? s_nameError
                    : type == RecordType.Srv ? Ports(name, service, found)
                    : s_noData;
            default:
                return s_nameError;
        }
    }

    private ClusterDnsAnswer Ports(string name, ServiceSpec service, ServicePort port)
    {
        if (!service.IsHeadless)
        {
            return Answer(name, RecordType.Srv, ResourceData.Service(0, 100, (ushort)port.Port, ServiceName(service)));
        }
        var targets = PodAddresses(service).Select(a => $"{Dashed(a)}.{ServiceName(service)}").ToList();
        // Equal shares of 100, as CoreDNS weighs them.
        var weight = (ushort)(100 / Math.Max(1, targets.Count));
        return new(
            NoError,
            [
                .. targets.Select(t => new ClusterDnsRecord(
                    name,
                    RecordType.Srv,
                    ResourceData.Service(0, weight, (ushort)port.TargetPort, t),
                    TimeToLive
                )),
            ]
        );
    }

    private ClusterDnsAnswer Pod(string name, ushort type, string dashed, string ns)
    {
        var address = topology()
            .Pods.Where(p => p.Namespace == ns)
            .SelectMany(p => p.Addresses)
            .FirstOrDefault(a => Dashed(a) == dashed);
        return address is null ? s_nameError : Addresses(name, type, [address]);
    }

    private ClusterDnsAnswer Reverse(string name, ushort type)
    {
        if (ReverseName.Parse(name) is not { } address)
        {
            return s_nameError;
        }
        var services = topology().Services;
        var owners = services.Where(s => s.Addresses.Contains(address)).Select(ServiceName).ToList();
        if (owners.Count == 0)
        {
            owners.AddRange(
                services
                    .Where(s => PodAddresses(s).Contains(address))
                    .Select(s => $"{Dashed(address)}.{ServiceName(s)}")
            );
        }
        return owners.Count == 0 ? s_nameError
            : type == RecordType.Ptr
                ? new(
                    NoError,
                    [.. owners.Select(o => new ClusterDnsRecord(name, type, ResourceData.Name(o), TimeToLive))]
                )
            : s_noData;
    }

    private IEnumerable<IPAddress> PodAddresses(ServiceSpec service) =>
        topology().PodsOf(service).SelectMany(p => p.Addresses);

    private static ClusterDnsAnswer Addresses(string name, ushort type, IEnumerable<IPAddress> addresses)
    {
        AddressFamily? family = type switch
        {
            RecordType.A => AddressFamily.InterNetwork,
            RecordType.Aaaa => AddressFamily.InterNetworkV6,
            _ => null,
        };
        return new(
            NoError,
            [
                .. addresses
                    .Where(a => a.AddressFamily == family)
                    .Select(a => new ClusterDnsRecord(name, type, ResourceData.Address(a), TimeToLive)),
            ]
        );
    }

    private static ClusterDnsAnswer Answer(string name, ushort type, byte[] data) =>
        new(NoError, [new ClusterDnsRecord(name, type, data, TimeToLive)]);

    private static bool IsWithin(string name, string zone) =>
        name == zone || name.EndsWith("." + zone, StringComparison.Ordinal);

    private static string ServiceName(ServiceSpec service) => $"{service.Name}.{service.Namespace}.svc.{Domain}";

    private static string ProtocolName(ServicePort port) => port.Protocol == ProtocolType.Udp ? "udp" : "tcp";

    private static string Dashed(IPAddress address) => address.ToString().Replace('.', '-').Replace(':', '-');
}
