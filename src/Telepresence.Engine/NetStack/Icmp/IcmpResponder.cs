using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Icmp;

/// <summary>
/// Answers echo requests of both families and tells TCP of packets that were too big for the path behind this machine;
/// everything else ICMP is counted and dropped.
/// </summary>
internal sealed class IcmpResponder(LoopContext loop, TcpTable tcp)
{
    public void OnPacket(in IpPacket packet)
    {
        if (!IcmpMessage.TryParse(packet.Payload, out var message))
        {
            loop.Counters.Drop(DropReason.MalformedIcmp);
            return;
        }

        if (!packet.HasValidChecksum())
        {
            loop.Counters.Drop(DropReason.BadChecksum);
            return;
        }

        var isV4 = packet.Source.IsIPv4;
        if (IsTooBig(message, isV4))
        {
            // IPv4 has the size in the lower half (RFC 1191 §4), IPv6 in all of it (RFC 4443 §3.2).
            var mtu = isV4 ? message.RestOfHeader & 0xffff : message.RestOfHeader;
            if (IcmpQuote.TryReadTcp(message.Body, out var key, out var sequence) && key.Source.IsIPv4 == isV4)
            {
                tcp.OnPacketTooBig(key, sequence, (int)Math.Min(mtu, ushort.MaxValue));
            }

            return;
        }

        if (message.Type != (isV4 ? IcmpMessage.EchoRequest : IcmpMessage.EchoRequestV6) || message.Code != 0)
        {
            loop.Counters.Drop(DropReason.UnknownProtocol);
            return;
        }

        loop.Emitter.SendIcmp(
            new FlowKey(packet.Source, packet.Destination, 0, 0),
            isV4 ? IcmpMessage.EchoReply : IcmpMessage.EchoReplyV6,
            code: 0,
            message.RestOfHeader,
            message.Body
        );
    }

    private static bool IsTooBig(in IcmpMessage message, bool isV4) =>
        isV4
            ? message.Type == IcmpMessage.DestinationUnreachable && message.Code == IcmpMessage.FragmentationNeededCode
            : message.Type == IcmpMessage.PacketTooBigV6;
}
