using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Protocol.Agent;

/// <summary>The traffic-agent's service: its methods, for client and server.</summary>
public static class AgentMethods
{
    /// <summary>Name of the service.</summary>
    public const string ServiceName = "telepresence.agent.Agent";

    /// <summary>One connection through the agent's pod.</summary>
    public static readonly Method<TunnelMessage, TunnelMessage> Tunnel = new(
        MethodType.DuplexStreaming,
        ServiceName,
        nameof(Tunnel)
    );

    /// <summary>The agent's name and release.</summary>
    public static readonly Method<Empty, VersionInfo2> Version = new(MethodType.Unary, ServiceName, nameof(Version));

    /// <summary>Connections to the agent's pod that want a tunnel.</summary>
    public static readonly Method<SessionInfo, DialRequest> WatchDial = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchDial)
    );

    /// <summary>Addresses of both families as the agent's pod sees them; 2.25+.</summary>
    public static readonly Method<LookupRequest, LookupResponse> Lookup = new(
        MethodType.Unary,
        ServiceName,
        nameof(Lookup)
    );
}
