using System.Net;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>The subnets that nodes give to their pods.</summary>
internal static class NodeSubnets
{
    /// <summary>Each once, sorted; what is no CIDR is left out.</summary>
    public static IReadOnlyList<IPNetwork> Of(IEnumerable<string> podCidrs) =>
        [
            .. podCidrs
                .Select(text => IPNetwork.TryParse(text, out var network) ? network : (IPNetwork?)null)
                .OfType<IPNetwork>()
                .Distinct()
                .Order(SubnetOrder.Instance),
        ];

    /// <summary>Whether pods really get their addresses from there: some network plugins hand out others.</summary>
    public static bool AreUsed(IReadOnlyList<IPNetwork> subnets, IPAddress managerPod) =>
        subnets.Any(subnet => subnet.Contains(managerPod));
}
