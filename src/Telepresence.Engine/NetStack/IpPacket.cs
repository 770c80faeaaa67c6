using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>A whole IP packet of either family, as the transport protocols need it.</summary>
/// <param name="offload">Of the packet it came in.</param>
internal readonly ref struct IpPacket(
    NetAddress source,
    NetAddress destination,
    byte protocol,
    ReadOnlySpan<byte> payload,
    in PacketOffload offload
)
{
    public NetAddress Source { get; } = source;
    public NetAddress Destination { get; } = destination;
    public byte Protocol { get; } = protocol;
    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>The transport checksum needs no check: the packet never left this machine.</summary>
    public bool IsVerified { get; } = offload.PartialChecksum || offload.Segmentation != Segmentation.None;

    /// <summary>Payload bytes of each datagram where the kernel left several in one packet (USO); 0: there is one.</summary>
    public int DatagramLength { get; } = offload.Segmentation == Segmentation.Udp ? offload.SegmentSize : 0;

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
