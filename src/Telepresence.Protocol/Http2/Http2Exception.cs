namespace Telepresence.Protocol.Http2;

/// <summary>A stream, or a connection with all its streams, ended with an HTTP/2 error.</summary>
public sealed class Http2Exception : IOException
{
    private Http2Exception(
        Http2ErrorCode errorCode,
        string message,
        bool isOfStream,
        bool isUnprocessed,
        Exception? innerException = null
    )
        : base(message, innerException)
    {
        ErrorCode = errorCode;
        IsOfStream = isOfStream;
        IsUnprocessed = isUnprocessed;
    }

    /// <summary>The reason on the wire, the peer's or ours.</summary>
    public Http2ErrorCode ErrorCode { get; }

    /// <summary>Other streams of the connection go on.</summary>
    public bool IsOfStream { get; }

    /// <summary>The peer has done nothing with the request: the same may be tried again (RFC 9113 §8.7).</summary>
    public bool IsUnprocessed { get; }

    /// <summary>The peer broke the protocol: the connection must end.</summary>
    internal static Http2Exception OfConnection(Http2ErrorCode errorCode, string what) =>
        new(errorCode, $"The peer broke HTTP/2: {what}.", false, false);

    /// <summary>The peer broke the protocol on one stream.</summary>
    internal static Http2Exception OfStream(Http2ErrorCode errorCode, string what) =>
        new(errorCode, $"The peer broke HTTP/2: {what}.", true, false);

    /// <summary>RST_STREAM came.</summary>
    internal static Http2Exception Reset(Http2ErrorCode errorCode) =>
        new(errorCode, "The peer reset the stream.", true, errorCode == Http2ErrorCode.RefusedStream);

    /// <summary>GOAWAY came.</summary>
    /// <param name="isUnprocessed">The stream is not among those that the peer still serves.</param>
    internal static Http2Exception GoneAway(Http2ErrorCode errorCode, bool isUnprocessed) =>
        new(errorCode, "The peer goes away.", false, isUnprocessed);

    /// <summary>The connection ended before it had sent anything of the request.</summary>
    internal static Http2Exception Unsent(Exception reason) =>
        new((reason as Http2Exception)?.ErrorCode ?? Http2ErrorCode.NoError, reason.Message, false, true, reason);

    /// <summary>Too many requests wait to be sent.</summary>
    internal static Http2Exception Crowded() =>
        new(Http2ErrorCode.EnhanceYourCalm, "The connection takes no requests: those before wait still.", true, false);
}
