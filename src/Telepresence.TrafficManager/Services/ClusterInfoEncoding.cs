using System.Net;
using Google.Protobuf;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.TrafficManager.Services;

/// <summary>Cluster facts as the wire has them.</summary>
internal static class ClusterInfoEncoding
{
    /// <param name="release">Null: as the latest.</param>
    public static ClusterInfo ToMessage(ClusterFacts facts, ManagerRelease? release)
    {
        var info = new ClusterInfo
        {
            ManagerPodIp = ToBytes(facts.ManagerPodAddress),
            ManagerPodPort = facts.ManagerPodPort,
            ClusterDomain = facts.ClusterDomain,
            InjectorSvcHost = $"agent-injector.{facts.ManagerNamespace}",
            Dns = new DNS { ClusterDomain = facts.ClusterDomain },
            Routing = new Routing(),
        };
        // Newer clients read the list, older ones the one subnet. Up to 2.22.4 the list's number was that of one address.
        if (release?.IsAtLeast(22, 5) != false)
            info.ServiceCidrsOrKubeDnsIp.AddRange(facts.ServiceSubnets.Select(ToPrefixBytes));
        else if (facts.DnsAddress is { } dns)
            info.ServiceCidrsOrKubeDnsIp.Add(ToBytes(dns));
        if (facts.ServiceSubnets.Count > 0)
            info.ServiceSubnet = ToMessage(facts.ServiceSubnets[0]);
        info.PodSubnets.AddRange(facts.PodSubnets.Select(ToMessage));
        info.Routing.AlsoProxySubnets.AddRange(facts.AlsoProxy.Select(ToMessage));
        info.Routing.NeverProxySubnets.AddRange(facts.NeverProxy.Select(ToMessage));
        info.Routing.AllowConflictingSubnets.AddRange(facts.AllowConflicting.Select(ToMessage));
        return info;
    }

    private static IPNet ToMessage(IPNetwork network) =>
        new() { Ip = ToBytes(network.BaseAddress), Mask = network.PrefixLength };

    private static ByteString ToPrefixBytes(IPNetwork network) =>
        ByteString.CopyFrom([.. network.BaseAddress.GetAddressBytes(), (byte)network.PrefixLength]);

    private static ByteString ToBytes(IPAddress address) => ByteString.CopyFrom(address.GetAddressBytes());
}
