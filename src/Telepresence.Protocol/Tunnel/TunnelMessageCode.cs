namespace Telepresence.Protocol.Tunnel;

/// <summary>First byte of a tunnel message's payload: what the rest is.</summary>
public enum TunnelMessageCode : byte
{
    /// <summary>Bytes of a TCP stream, or exactly one UDP datagram.</summary>
    Data = 0,

    /// <summary><see cref="StreamInfo"/>; the first message of whoever called the rpc.</summary>
    StreamInfo = 1,

    /// <summary>Protocol version; the first message of whoever serves the rpc.</summary>
    StreamOk = 2,

    /// <summary>The serving side sends no more data (the calling side completes its request stream instead).</summary>
    CloseSend = 3,

    /// <summary>The dial succeeded.</summary>
    DialOk = 4,

    /// <summary>The dial failed. Our manager adds one byte, see <see cref="DialErrno"/>.</summary>
    DialReject = 5,

    /// <summary>Hard close, nothing follows.</summary>
    Disconnect = 6,

    /// <summary>Resets the idle timer.</summary>
    KeepAlive = 7,

    /// <summary>UTF-8 session id of the client a traffic-agent's stream is meant for.</summary>
    Session = 8,
}
