using System.Net;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack;

/// <summary>A 4-tuple as packets from the workstation show it: source is the application.</summary>
internal readonly record struct FlowKey(
    NetAddress Source,
    NetAddress Destination,
    ushort SourcePort,
    ushort DestinationPort
)
{
    /// <summary>The same conversation for people and handlers. Allocates.</summary>
    public FlowEndpoints ToEndpoints() =>
        new(
            new IPEndPoint(Source.ToIPAddress(), SourcePort),
            new IPEndPoint(Destination.ToIPAddress(), DestinationPort)
        );
}
