using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Addressing;

/// <summary>Relations between subnets. Subnets of different families never cover or overlap each other.</summary>
internal static class IPNetworkExtensions
{
    /// <summary>Every address of <paramref name="inner"/> is in <paramref name="outer"/>.</summary>
    public static bool Covers(this IPNetwork outer, IPNetwork inner) =>
        outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);

    /// <summary>At least one address is in both.</summary>
    public static bool Overlaps(this IPNetwork one, IPNetwork other) => one.Covers(other) || other.Covers(one);

    /// <summary>127.0.0.0/8, ::1, or inside them.</summary>
    public static bool IsLoopback(this IPNetwork network) => IPAddress.IsLoopback(network.BaseAddress);

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
