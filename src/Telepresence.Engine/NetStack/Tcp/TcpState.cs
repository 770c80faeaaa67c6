namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>RFC 9293 §3.3.2 for the passive side, with SYN-RECEIVED cut in two by the pending dial.</summary>
internal enum TcpState
{
    /// <summary>A SYN came and is not answered: the far side is being dialled.</summary>
    SynPending,

    /// <summary>The SYN-ACK is out.</summary>
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
    Closed,
}
