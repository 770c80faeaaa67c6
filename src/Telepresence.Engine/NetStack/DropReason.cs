namespace Telepresence.Engine.NetStack;

/// <summary>Why the stack dropped a packet it read. Each has a counter.</summary>
internal enum DropReason
{
    MalformedIp,
    MalformedTcp,
    MalformedUdp,
    MalformedIcmp,
    BadChecksum,
    UnknownProtocol,
    Multicast,
    BadAddress,
    FragmentMalformed,
    FragmentOverlap,
    FragmentTimeout,
    FragmentLimit,
    FlowLimit,
    HalfOpenLimit,
    NoConnection,
    TcpOutOfWindow,
    TcpPaws,
    TcpUnacceptable,
    TcpReassemblyLimit,
    TcpBufferLimit,
    UdpQueueFull,
    HandoverFull,
}
