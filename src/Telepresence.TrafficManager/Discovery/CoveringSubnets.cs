using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>Subnets that cover addresses of pods, for clusters that do not tell theirs (PROTOCOL §7.1, coverPodIPs).</summary>
internal static class CoveringSubnets
{
    private const int ShortestPrefix4 = 16;
    private const int LongestPrefix4 = 24;
    private const int ShortestPrefix6 = 64;
    private const int LongestPrefix6 = 120;

    /// <summary>
    /// The least number of subnets that are plausible: IPv4 addresses of one /16 get one between /16 and /24, IPv6 addresses of
    /// one /64 get one between /64 and /120, at a byte's end.
    /// </summary>
    /// <returns>In the order of <see cref="SubnetOrder"/>, whatever the order of the addresses.</returns>
    public static IReadOnlyList<IPNetwork> Of(IEnumerable<IPAddress> addresses)
    {
        Dictionary<IPNetwork, Cover> covers = [];
        foreach (var address in addresses)
        {
            var isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
            var bytes = address.GetAddressBytes();
            var group = ToNetwork(bytes, isIPv4 ? ShortestPrefix4 : ShortestPrefix6);
            var longest = isIPv4 ? LongestPrefix4 : LongestPrefix6;
            covers[group] = covers.TryGetValue(group, out var cover)
                ? cover with
                {
                    PrefixLength = Math.Min(cover.PrefixLength, CommonPrefix(cover.First, bytes)),
                }
                : new Cover(bytes, longest);
        }
        return
        [
            .. covers
                .Values.Select(cover =>
                    ToNetwork(cover.First, cover.First.Length == 4 ? cover.PrefixLength : cover.PrefixLength / 8 * 8)
                )
                .Order(SubnetOrder.Instance),
        ];
    }

    /// <summary>Bits, from the left, that both have in common.</summary>
    private static int CommonPrefix(byte[] one, byte[] other)
    {
        for (var i = 0; i < one.Length; i++)
        {
            var difference = (uint)(one[i] ^ other[i]);
            if (difference != 0)
                return i * 8 + BitOperations.LeadingZeroCount(difference) - 24;
        }
        return one.Length * 8;
    }

    private static IPNetwork ToNetwork(byte[] address, int prefixLength)
    {
        var network = new byte[address.Length];
        address.AsSpan(0, prefixLength / 8).CopyTo(network);
        if (prefixLength % 8 != 0)
            network[prefixLength / 8] = (byte)(address[prefixLength / 8] & (0xFF << (8 - prefixLength % 8)));
        return new IPNetwork(new IPAddress(network), prefixLength);
    }

    private readonly record struct Cover(byte[] First, int PrefixLength);
}
