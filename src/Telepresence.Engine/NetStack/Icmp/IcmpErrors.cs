using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Icmp;

/// <summary>
/// Tells senders what is wrong with packets that belong to no flow. Rate-limited (RFC 4443 §2.4(f)); never to an address
/// that is not one host's (RFC 1122 §3.2.2). What a flow's handler answers is the flow's own.
/// </summary>
internal sealed class IcmpErrors(LoopContext loop)
{
    /// <summary>What the Linux kernel allows itself (icmp_msgs_per_sec).</summary>
    private const int PerSecond = 1000;

    /// <summary>A whole error fits 576 bytes (RFC 1812 §4.3.2.3) or IPv6's smallest MTU (RFC 4443 §2.4(c)).</summary>
    private const int MaximumQuote = 576 - Ipv4Packet.MinimumHeaderLength - IcmpMessage.HeaderLength;
    private const int MaximumQuoteV6 = 1280 - Ipv6Packet.HeaderLength - IcmpMessage.HeaderLength;
    private RateLimit _limit = new(PerSecond);

    /// <summary>An IPv6 packet's headers are refused.</summary>
    public void ParameterProblem(ReadOnlySpan<byte> packet, Ipv6Problem problem) =>
        Send(packet, IcmpMessage.ParameterProblemV6, problem.Code, (uint)problem.Pointer);

    /// <summary>A transport protocol of IPv4 that the stack does not have.</summary>
    public void ProtocolUnreachable(ReadOnlySpan<byte> packet) =>
        Send(packet, IcmpMessage.DestinationUnreachable, IcmpMessage.ProtocolUnreachableCode, 0);

    /// <summary>The rest of a datagram's fragments did not come. Quotes its first one.</summary>
    public void ReassemblyTimeExceeded(ReadOnlySpan<byte> packet) =>
        Send(
            packet,
            packet[0] >> 4 == 4 ? IcmpMessage.TimeExceeded : IcmpMessage.TimeExceededV6,
            IcmpMessage.ReassemblyTimeExceededCode,
            0
        );

    private void Send(ReadOnlySpan<byte> packet, byte type, byte code, uint restOfHeader)
    {
        var isV4 = packet[0] >> 4 == 4;
        var source = isV4 ? NetAddress.ReadIPv4(packet[12..]) : NetAddress.ReadIPv6(packet[8..]);
        var destination = isV4 ? NetAddress.ReadIPv4(packet[16..]) : NetAddress.ReadIPv6(packet[24..]);
        if (!source.IsHost || !destination.IsHost || source == destination || !_limit.TryTake(loop.Now))
        {
            return;
        }

        var quote = packet[..Math.Min(packet.Length, isV4 ? MaximumQuote : MaximumQuoteV6)];
        loop.Emitter.SendIcmp(new FlowKey(source, destination, 0, 0), type, code, restOfHeader, quote);
    }
}
