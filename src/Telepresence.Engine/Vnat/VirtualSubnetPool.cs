using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Telepresence.Client.Errors;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// Chooses a session's virtual subnets (DESIGN §5). IPv4: the first free block of the pool, of the preferred size, or
/// the next smaller one that is free. IPv6: a unique local /48 whose global id follows from who connects (RFC 4193 §3.2.2), so
/// that the next connect has the same addresses.
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
    private const byte UniqueLocalPrefix = 0xfd;
    private static readonly IPNetwork UniqueLocal = IPNetwork.Parse("fd00::/8");

    public static VirtualSubnetPool ForThisSystem() => OperatingSystem.IsWindows() ? Windows : ClassE;

    /// <param name="sessions">Virtual subnets of this engine's other sessions.</param>
    /// <param name="taken">Routes of the machine (defaults left out) and subnets of the cluster.</param>
    /// <exception cref="TelepresenceException">VirtualSubnetExhausted: all of it is taken.</exception>
    public VirtualSubnet ChooseIPv4(PrefixSet sessions, PrefixSet taken)
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
                if (sessions.FirstOverlap(candidate) is null && taken.FirstOverlap(candidate) is null)
                    return new VirtualSubnet(candidate);
            }
        }
        throw ErrorCatalogue.Error(ErrorId.VirtualSubnetExhausted, Range, ("subnet", Range));
    }

    /// <param name="identity">Of the installation and the session: what the 40-bit global id is made of.</param>
    /// <exception cref="TelepresenceException">VirtualSubnetExhausted: no free one was found.</exception>
    public static VirtualSubnet ChooseIPv6(PrefixSet sessions, PrefixSet taken, string identity)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (var attempt = 0; attempt < UniqueLocalAttempts; attempt++)
        {
            SHA256.HashData(Encoding.UTF8.GetBytes($"{identity}\n{attempt}"), hash);
            bytes.Clear();
            bytes[0] = UniqueLocalPrefix;
            hash[..5].CopyTo(bytes[1..]);
            var candidate = new IPNetwork(new IPAddress(bytes), 48);
            if (sessions.FirstOverlap(candidate) is null && taken.FirstOverlap(candidate) is null)
                return new VirtualSubnet(candidate);
        }
        throw ErrorCatalogue.Error(ErrorId.VirtualSubnetExhausted, UniqueLocal, ("subnet", UniqueLocal));
    }

    /// <summary>Checks a subnet that the user named.</summary>
    /// <exception cref="TelepresenceException">VirtualSubnetInUse, VirtualSubnetOverlaps or VirtualSubnetTooSmall.</exception>
    public static VirtualSubnet Explicit(
        IPNetwork configured,
        IReadOnlyCollection<(string Session, IPNetwork Subnet)> sessions,
        PrefixSet taken
    )
    {
        if (AddressBits.LastOffset(configured) < VirtualSubnet.ReservedCount)
            throw ErrorCatalogue.Error(ErrorId.VirtualSubnetTooSmall, configured, ("subnet", configured));
        foreach (var (session, subnet) in sessions)
        {
            if (subnet.Overlaps(configured))
            {
                throw ErrorCatalogue.Error(
                    ErrorId.VirtualSubnetInUse,
                    configured,
                    ("subnet", configured),
                    ("session", session)
                );
            }
        }
        if (taken.FirstOverlap(configured) is { } other)
        {
            throw ErrorCatalogue.Error(
                ErrorId.VirtualSubnetOverlaps,
                configured,
                ("subnet", configured),
                ("other", other)
            );
        }
        return new VirtualSubnet(configured);
    }
}
