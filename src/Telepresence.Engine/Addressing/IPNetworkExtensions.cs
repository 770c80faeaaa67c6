using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Addressing;

/// <summary>Relations between subnets. Subnets of different families never cover or overlap each other.</summary>
internal static class IPNetworkExtensions
{
    private static readonly IPNetwork _multicastIPv4 = IPNetwork.Parse("224.0.0.0/4");
    private static readonly IPNetwork _multicastIPv6 = IPNetwork.Parse("ff00::/8");
    private static readonly IPNetwork _linkLocalIPv6 = IPNetwork.Parse("fe80::/10");

    /// <summary>Every address of <paramref name="inner"/> is in <paramref name="outer"/>.</summary>
    public static bool Covers(this IPNetwork outer, IPNetwork inner) =>
        outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);

    /// <summary>At least one address is in both.</summary>
    public static bool Overlaps(this IPNetwork one, IPNetwork other) => one.Covers(other) || other.Covers(one);

    /// <summary>127.0.0.0/8, ::1, or inside them.</summary>
    public static bool IsLoopback(this IPNetwork network) => IPAddress.IsLoopback(network.BaseAddress);

    /// <summary>224.0.0.0/4, ff00::/8, or inside them.</summary>
    public static bool IsMulticast(this IPNetwork network) =>
        _multicastIPv4.Covers(network) || _multicastIPv6.Covers(network);

    /// <summary>
    /// fe80::/10, or inside it. Not 169.254.0.0/16, of which single addresses are routed on purpose: a cloud's metadata
    /// service, a node's DNS cache.
    /// </summary>
    public static bool IsLinkLocal(this IPNetwork network) => _linkLocalIPv6.Covers(network);

    /// <summary>32 or 128.</summary>
    public static int AddressBits(this IPNetwork network) =>
        network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

    /// <summary>The subnet that holds just this address.</summary>
    public static IPNetwork AsNetwork(this IPAddress address) =>
        new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);

    /// <summary>
    /// What is left of a subnet without another one, as the fewest subnets in address order.
    /// </summary>
    public static IEnumerable<IPNetwork> Except(this IPNetwork network, IPNetwork removed)
    {
        if (!network.Overlaps(removed))
            return [network];
        if (removed.Covers(network))
            return [];
        var (low, high) = network.Halves();
        return low.Except(removed).Concat(high.Except(removed));
    }

    /// <summary>The two halves of a subnet that holds more than one address.</summary>
    public static (IPNetwork Low, IPNetwork High) Halves(this IPNetwork network)
    {
        var length = network.PrefixLength + 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, network.AddressBits(), nameof(network));
        var high = network.BaseAddress.GetAddressBytes();
        high[(length - 1) / 8] |= (byte)(0x80 >> ((length - 1) % 8));
        return (new IPNetwork(network.BaseAddress, length), new IPNetwork(new IPAddress(high), length));
    }
}
