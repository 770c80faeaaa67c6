using System.Net;
using System.Net.Sockets;

namespace Telepresence.Client.Maps;

/// <summary>A CIDR as a range of numbers, for pictures.</summary>
/// <param name="First">The first address.</param>
/// <param name="Last">The last one, inclusive.</param>
internal readonly record struct AddressRange(UInt128 First, UInt128 Last, bool IsIPv4)
{
    /// <summary>Null: not a CIDR.</summary>
    public static AddressRange? Parse(string cidr)
    {
        if (!IPNetwork.TryParse(cidr, out var network))
            return null;
        var isIPv4 = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        var first = UInt128.Zero;
        foreach (var part in network.BaseAddress.GetAddressBytes())
            first = (first << 8) | part;
        var hostBits = (isIPv4 ? 32 : 128) - network.PrefixLength;
        var last = hostBits == 128 ? UInt128.MaxValue : first + ((UInt128.One << hostBits) - 1);
        return new AddressRange(first, last, isIPv4);
    }

    public bool Covers(AddressRange other) => IsIPv4 == other.IsIPv4 && First <= other.First && other.Last <= Last;

    /// <summary>Where this lies in a range that covers it: 0 to 1.</summary>
    public (double Start, double End) In(AddressRange outer)
    {
        var size = (double)(outer.Last - outer.First) + 1;
        return ((double)(First - outer.First) / size, ((double)(Last - outer.First) + 1) / size);
    }
}
