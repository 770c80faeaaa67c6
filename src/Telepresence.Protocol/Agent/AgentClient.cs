using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Protocol.Agent;

/// <summary>A traffic-agent as a client sees it. The Tunnel rpc is opened by <see cref="OpenTunnel"/>, as bytes.</summary>
public sealed class AgentClient(GrpcChannel channel)
{
    private static readonly Empty Nothing = new();

    /// <summary>One connection through the agent's pod; read and write with TunnelReader and TunnelWriter.</summary>
    public GrpcCall OpenTunnel(CallOptions options = default) =>
        channel.OpenCall(AgentMethods.Tunnel.FullName, options);

    /// <summary>The agent's name and release.</summary>
    public AsyncUnaryCall<VersionInfo2> Version(CallOptions options = default) =>
        channel.AsyncUnaryCall(AgentMethods.Version, options, Nothing);

    /// <summary>Connections to the agent's pod that want a tunnel.</summary>
    public AsyncServerStreamingCall<DialRequest> WatchDial(SessionInfo request, CallOptions options = default) =>
        channel.AsyncServerStreamingCall(AgentMethods.WatchDial, options, request);
}
