using System.Buffers.Binary;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// The start of an offending packet in an ICMP error. Ours are rebuilt from the flow: the packet itself is long gone when a dial
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

    /// <summary>
    /// Reads what an error quotes of a TCP segment that the stack sent: the flow it belongs to and its sequence number.
    /// </summary>
    public static bool TryReadTcp(ReadOnlySpan<byte> quote, out FlowKey key, out SequenceNumber sequence)
    {
        key = default;
        sequence = default;
        var isV4 = quote.Length >= Ipv4Packet.MinimumHeaderLength && quote[0] == 0x45;
        var ipLength = isV4 ? Ipv4Packet.MinimumHeaderLength : Ipv6Packet.HeaderLength;
        // RFC 792 promises eight bytes of the transport header.
        if (quote.Length < ipLength + 8 || (!isV4 && quote[0] >> 4 != 6))
        {
            return false;
        }

        if ((isV4 ? quote[9] : quote[6]) != IPProtocol.Tcp)
        {
            return false;
        }

        var transport = quote[ipLength..];
        key = new FlowKey(
            isV4 ? NetAddress.ReadIPv4(quote[16..]) : NetAddress.ReadIPv6(quote[24..]),
            isV4 ? NetAddress.ReadIPv4(quote[12..]) : NetAddress.ReadIPv6(quote[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(transport[2..]),
            BinaryPrimitives.ReadUInt16BigEndian(transport)
        );
        sequence = new SequenceNumber(BinaryPrimitives.ReadUInt32BigEndian(transport[4..]));
        return true;
    }
}
