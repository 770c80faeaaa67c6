using System.Net;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>IPv4 before IPv6, then by address, then the wider one first: equal sets make equal lists.</summary>
internal sealed class SubnetOrder : IComparer<IPNetwork>
{
    public static SubnetOrder Instance { get; } = new();

    public int Compare(IPNetwork x, IPNetwork y)
    {
        var one = x.BaseAddress.GetAddressBytes();
        var other = y.BaseAddress.GetAddressBytes();
        var order = one.Length.CompareTo(other.Length);
        if (order == 0)
            order = one.AsSpan().SequenceCompareTo(other);
        return order != 0 ? order : x.PrefixLength.CompareTo(y.PrefixLength);
    }
}
