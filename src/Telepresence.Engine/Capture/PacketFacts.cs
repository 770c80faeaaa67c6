using System.Buffers.Binary;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.Capture;

/// <summary>What a filter asks of a packet.</summary>
/// <param name="Protocol">Number of the transport protocol.</param>
/// <param name="SourcePort">0 where there is none: neither TCP nor UDP, or not the first fragment.</param>
/// <param name="DestinationPort">As <paramref name="SourcePort"/>.</param>
internal readonly record struct PacketFacts(
    NetAddress Source,
    NetAddress Destination,
    byte Protocol,
    ushort SourcePort,
    ushort DestinationPort
)
{
    /// <summary>False: no IP packet.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PacketFacts facts)
    {
        if (Ipv4Packet.TryParse(bytes, out var v4))
        {
            facts = Of(v4.Source, v4.Destination, v4.Protocol, v4.FragmentOffset == 0 ? v4.Payload : []);
            return true;
        }
        if (Ipv6Packet.TryParse(bytes, out var v6))
        {
            facts = Of(v6.Source, v6.Destination, v6.Protocol, v6.FragmentOffset == 0 ? v6.Payload : []);
            return true;
        }
        facts = default;
        return false;
    }

    private static PacketFacts Of(
        NetAddress source,
        NetAddress destination,
        byte protocol,
        ReadOnlySpan<byte> transport
    ) =>
        protocol is IPProtocol.Tcp or IPProtocol.Udp && transport.Length >= 4
            ? new PacketFacts(
                source,
                destination,
                protocol,
                BinaryPrimitives.ReadUInt16BigEndian(transport),
                BinaryPrimitives.ReadUInt16BigEndian(transport[2..])
            )
            : new PacketFacts(source, destination, protocol, 0, 0);
}
