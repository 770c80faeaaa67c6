namespace Telepresence.Sandbox.Spdy;

/// <summary>The peer sent bytes that are not SPDY/3.1; the connection cannot go on.</summary>
internal sealed class SpdyProtocolException : Exception
{
    public SpdyProtocolException(string message)
        : base(message) { }

    public SpdyProtocolException(string message, Exception inner)
        : base(message, inner) { }
}
