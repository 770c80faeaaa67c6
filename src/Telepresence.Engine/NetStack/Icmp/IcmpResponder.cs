using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Icmp;

/// <summary>Answers echo requests of both families; everything else ICMP is counted and dropped.</summary>
internal sealed class IcmpResponder(LoopContext loop)
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
}
