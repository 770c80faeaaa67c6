namespace Telepresence.Engine.Dns;

/// <summary>How a query came; decides how long the answer may be.</summary>
internal enum DnsTransport
{
    Udp,
    Tcp,
}
