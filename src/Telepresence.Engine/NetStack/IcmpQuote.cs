using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// The start of an offending packet for an ICMP error. Rebuilt from the flow: the packet itself is long gone when a dial
/// has timed out, and receivers look at addresses, protocol, ports and sequence number only.
/// </summary>
internal static class IcmpQuote
{
    /// <summary>Writes the IP header the application's packet had, and returns its length.</summary>
    public static int WriteIp(Span<byte> destination, in FlowKey key, byte protocol, int payloadLength)
    {
        if (key.Source.IsIPv4)
        {
            Ipv4Packet.WriteHeader(
                destination,
                key.Source,
                key.Destination,
                protocol,
                Ipv4Packet.MinimumHeaderLength + payloadLength
            );
            return Ipv4Packet.MinimumHeaderLength;
        }

        Ipv6Packet.WriteHeader(destination, key.Source, key.Destination, protocol, payloadLength);
        return Ipv6Packet.HeaderLength;
    }
}
