using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Engagements;

/// <summary>Where on this machine, or near it, an engagement's connections are answered.</summary>
internal sealed record DialTarget(IPEndPoint EndPoint, ProtocolType Protocol)
{
    public override string ToString() => $"{EndPoint}/{Protocol.ToString().ToUpperInvariant()}";
}
