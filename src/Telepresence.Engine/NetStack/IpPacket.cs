using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack;

/// <summary>A whole IP packet of either family, as the transport protocols need it.</summary>
/// <param name="isVerified">The transport checksum needs no check: the packet never left this machine.</param>
internal readonly ref struct IpPacket(
    NetAddress source,
    NetAddress destination,
    byte protocol,
    ReadOnlySpan<byte> payload,
    bool isVerified
)
{
    public NetAddress Source { get; } = source;
    public NetAddress Destination { get; } = destination;
    public byte Protocol { get; } = protocol;
    public ReadOnlySpan<byte> Payload { get; } = payload;
    public bool IsVerified { get; } = isVerified;

    /// <summary>Whether the transport checksum, pseudo-header included, is right.</summary>
    public bool HasValidChecksum()
    {
        if (IsVerified)
        {
            return true;
        }

        var sum =
            Protocol == IPProtocol.Icmp
                ? 0
                : InternetChecksum.PseudoHeader(Source, Destination, Protocol, Payload.Length);
        return InternetChecksum.IsValid(InternetChecksum.Add(sum, Payload));
    }
}
