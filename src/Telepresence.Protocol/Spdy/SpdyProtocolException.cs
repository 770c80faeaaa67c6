namespace Telepresence.Protocol.Spdy;

/// <summary>The peer sent bytes that are not SPDY/3.1; the connection cannot go on.</summary>
public sealed class SpdyProtocolException : Exception
{
    /// <param name="message">What was wrong.</param>
    public SpdyProtocolException(string message)
        : base(message) { }

    /// <inheritdoc cref="SpdyProtocolException(string)"/>
    /// <param name="inner">What noticed it.</param>
    public SpdyProtocolException(string message, Exception inner)
        : base(message, inner) { }
}
