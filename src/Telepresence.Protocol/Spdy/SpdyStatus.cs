namespace Telepresence.Protocol.Spdy;

/// <summary>Status codes of RST_STREAM, section 2.6.3.</summary>
public enum SpdyStatus : uint
{
    /// <summary>The peer broke the protocol.</summary>
    ProtocolError = 1,

    /// <summary>There is no such stream.</summary>
    InvalidStream = 2,

    /// <summary>The stream is not wanted, and nothing was done with it.</summary>
    RefusedStream = 3,

    /// <summary>Nobody needs the stream any more.</summary>
    Cancel = 5,

    /// <summary>A fault of the sender's.</summary>
    InternalError = 6,
}
