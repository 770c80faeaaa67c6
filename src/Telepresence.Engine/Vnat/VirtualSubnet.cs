using System.Net;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// A prefix whose addresses exist on this machine only and stand for the cluster's. Its first addresses are the
/// session's own, which is also why no translated address ever gets host part 0.
/// </summary>
/// <param name="Network">At most /29 (IPv4) or /125 (IPv6), see <see cref="VirtualSubnetPool"/>.</param>
internal sealed record VirtualSubnet(IPNetwork Network)
{
    /// <summary>How many addresses at the start are never handed out: the network's, the VIF's, the DNS server's, a spare.</summary>
    public const int ReservedCount = 4;

    /// <summary>For the VIF, which must have an address for captured DNS answers to pass rp_filter.</summary>
    public IPAddress InterfaceAddress => At(1);

    /// <summary>For the DNS server, where it needs one of its own.</summary>
    public IPAddress DnsAddress => At(2);

    private IPAddress At(uint offset) =>
        AddressBits.ToAddress(AddressBits.ToBits(Network.BaseAddress) + offset, Network.BaseAddress.AddressFamily);
}
