namespace Telepresence.Protocol.Http2;

/// <summary>Why a stream or a connection ends (RFC 9113 §7).</summary>
public enum Http2ErrorCode : uint
{
    /// <summary>In good order.</summary>
    NoError = 0,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolError = 1,

    /// <summary>A fault of whoever says so.</summary>
    InternalError = 2,

    /// <summary>More was sent than the window allowed.</summary>
    FlowControlError = 3,

    /// <summary>Settings were not acknowledged in time.</summary>
    SettingsTimeout = 4,

    /// <summary>A frame for a stream that is half closed.</summary>
    StreamClosed = 5,

    /// <summary>A frame of a wrong size.</summary>
    FrameSizeError = 6,

    /// <summary>Nothing was done with the stream; it may be tried again.</summary>
    RefusedStream = 7,

    /// <summary>Nobody wants the stream any more.</summary>
    Cancel = 8,

    /// <summary>The header compression's state is lost.</summary>
    CompressionError = 9,

    /// <summary>A CONNECT request's connection broke.</summary>
    ConnectError = 10,

    /// <summary>The peer makes too much work.</summary>
    EnhanceYourCalm = 11,

    /// <summary>The transport is not secure enough.</summary>
    InadequateSecurity = 12,

    /// <summary>HTTP/1.1 is wanted.</summary>
    Http11Required = 13,
}
