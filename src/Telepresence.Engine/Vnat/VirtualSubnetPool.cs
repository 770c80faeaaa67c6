using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// Chooses a session's virtual subnets (DESIGN §5). IPv4: the first free block of the pool, of the preferred size, or
/// the next smaller one that is free. IPv6: a unique local /48 with a random global id (RFC 4193 §3.2).
/// </summary>
/// <param name="Range">Where the IPv4 blocks come from.</param>
/// <param name="PreferredPrefixLength">Size of a session's block.</param>
/// <param name="LongestPrefixLength">The smallest block worth taking.</param>
internal sealed record VirtualSubnetPool(IPNetwork Range, int PreferredPrefixLength, int LongestPrefixLength)
{
    /// <summary>Class E: no host has such an address, so nothing real is hidden.</summary>
    public static readonly VirtualSubnetPool ClassE = new(IPNetwork.Parse("246.0.0.0/8"), 10, 20);

    /// <summary>Windows refuses class E; this is upstream's range there.</summary>
    public static readonly VirtualSubnetPool Windows = new(IPNetwork.Parse("211.55.48.0/20"), 20, 24);

    private const int UniqueLocalAttempts = 64;

    public static VirtualSubnetPool ForThisSystem() => OperatingSystem.IsWindows() ? Windows : ClassE;

    /// <param name="sessions">Virtual subnets of this engine's other sessions.</param>
    /// <param name="taken">Routes of the machine (defaults left out) and subnets of the cluster.</param>
    /// <exception cref="VirtualSubnetException">All of it is taken.</exception>
    public VirtualSubnet ChooseIPv4(IReadOnlyCollection<IPNetwork> sessions, IReadOnlyCollection<IPNetwork> taken)
    {
        var start = AddressBits.ToBits(Range.BaseAddress);
        for (var length = PreferredPrefixLength; length <= LongestPrefixLength; length++)
        {
            var size = UInt128.One << (32 - length);
            var blocks = 1 << (length - Range.PrefixLength);
            for (var block = 0; block < blocks; block++)
            {
                var address = AddressBits.ToAddress(start + (size * (uint)block), AddressFamily.InterNetwork);
                var candidate = new IPNetwork(address, length);
                if (FirstOverlap(candidate, sessions) is null && FirstOverlap(candidate, taken) is null)
                    return new VirtualSubnet(candidate);
            }
        }
        throw new VirtualSubnetException(
            VirtualSubnetException.NoneFree,
            $"no block of {Range} is free for the virtual subnet",
            "Name a free one with -VirtualSubnet or routing.virtualSubnet.",
            Range
        );
    }

    /// <param name="random">Source of the 40-bit global id.</param>
    /// <exception cref="VirtualSubnetException">No free one was found.</exception>
    public static VirtualSubnet ChooseIPv6(
        IReadOnlyCollection<IPNetwork> sessions,
        IReadOnlyCollection<IPNetwork> taken,
        Random random
    )
    {
        Span<byte> bytes = stackalloc byte[16];
        for (var attempt = 0; attempt < UniqueLocalAttempts; attempt++)
        {
            bytes.Clear();
            bytes[0] = 0xfd;
            random.NextBytes(bytes[1..6]);
            var candidate = new IPNetwork(new IPAddress(bytes), 48);
            if (FirstOverlap(candidate, sessions) is null && FirstOverlap(candidate, taken) is null)
                return new VirtualSubnet(candidate);
        }
        throw new VirtualSubnetException(
            VirtualSubnetException.NoneFree,
            "no unique local IPv6 prefix is free for the virtual subnet",
            "Name a free one with -VirtualSubnet or routing.virtualSubnet, or look for a route that covers fd00::/8.",
            IPNetwork.Parse("fd00::/8")
        );
    }

    /// <summary>Checks a subnet that the user named.</summary>
    /// <exception cref="VirtualSubnetException">In use, overlapping, or too small.</exception>
    public static VirtualSubnet Explicit(
        IPNetwork configured,
        IReadOnlyCollection<IPNetwork> sessions,
        IReadOnlyCollection<IPNetwork> taken
    )
    {
        const string nextStep = "Choose another -VirtualSubnet, or leave it out to have a free one chosen.";
        if (AddressBits.LastOffset(configured) < VirtualSubnet.ReservedCount)
        {
            throw new VirtualSubnetException(
                VirtualSubnetException.TooSmall,
                $"the virtual subnet {configured} has no room for addresses",
                nextStep,
                configured
            );
        }
        if (FirstOverlap(configured, sessions) is { } session)
        {
            throw new VirtualSubnetException(
                VirtualSubnetException.InUse,
                $"the virtual subnet {configured} is in use by another session ({session})",
                nextStep,
                configured,
                session
            );
        }
        if (FirstOverlap(configured, taken) is { } other)
        {
            throw new VirtualSubnetException(
                VirtualSubnetException.Overlaps,
                $"the virtual subnet {configured} overlaps {other}, which is routed already",
                nextStep,
                configured,
                other
            );
        }
        return new VirtualSubnet(configured);
    }

    private static IPNetwork? FirstOverlap(IPNetwork candidate, IReadOnlyCollection<IPNetwork> others)
    {
        foreach (var other in others)
        {
            if (AddressBits.Overlaps(candidate, other))
                return other;
        }
        return null;
    }
}
