namespace Telepresence.UnitTests.Protocol.Spdy;

internal static class Vectors
{
    public const string SpdyHeaders = "78f9e3c6a7c202e50e703a2b294a4dcc851625aca9a0808614cb45a024cc646100000000ffff";
}
