using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Protocol.Manager;

/// <summary>The traffic-manager as clients and traffic-agents see it. The Tunnel rpc is opened by <see cref="OpenTunnel"/>, as bytes.</summary>
public sealed class ManagerClient(GrpcChannel channel)
{
    private static readonly Empty Nothing = new();

    /// <summary>One connection through the cluster; read and write with TunnelReader and TunnelWriter.</summary>
    public GrpcCall OpenTunnel(CallOptions options = default) =>
        channel.OpenCall(ManagerMethods.Tunnel.FullName, options);

    /// <summary>The manager's name and release.</summary>
    public AsyncUnaryCall<VersionInfo2> Version(CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.Version, options, Nothing);

    /// <summary>Cluster-supplied client configuration, YAML.</summary>
    public AsyncUnaryCall<CLIConfig> GetClientConfig(CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.GetClientConfig, options, Nothing);

    /// <summary>Image the manager injects.</summary>
    public AsyncUnaryCall<AgentImageFQN> GetAgentImageFQN(CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.GetAgentImageFQN, options, Nothing);

    /// <summary>Begins a session.</summary>
    public AsyncUnaryCall<SessionInfo> ArriveAsClient(ClientInfo request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.ArriveAsClient, options, request);

    /// <summary>Keeps a session.</summary>
    public AsyncUnaryCall<Empty> Remain(RemainRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.Remain, options, request);

    /// <summary>Ends a session.</summary>
    public AsyncUnaryCall<Empty> Depart(SessionInfo request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.Depart, options, request);

    /// <summary>Restores a session in a manager that was restarted; 2.25+.</summary>
    public AsyncUnaryCall<Empty> ReconnectClient(ReconnectClientRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.ReconnectClient, options, request);

    /// <summary>Log level of the manager and its agents.</summary>
    public AsyncUnaryCall<Empty> SetLogLevel(LogLevelRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.SetLogLevel, options, request);

    /// <summary>Kinds of workloads the manager serves; 2.20+.</summary>
    public AsyncUnaryCall<KnownWorkloadKinds> GetKnownWorkloadKinds(
        SessionInfo request,
        CallOptions options = default
    ) => channel.AsyncUnaryCall(ManagerMethods.GetKnownWorkloadKinds, options, request);

    /// <summary>One question to cluster DNS.</summary>
    public AsyncUnaryCall<DNSResponse> LookupDNS(DNSRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.LookupDNS, options, request);

    /// <summary>Addresses of both families; 2.25+.</summary>
    public AsyncUnaryCall<LookupResponse> Lookup(LookupRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.Lookup, options, request);

    /// <summary>Makes a workload have an agent.</summary>
    public AsyncUnaryCall<AgentInfoSnapshot> EnsureAgent(EnsureAgentRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.EnsureAgent, options, request);

    /// <summary>An agent's configuration, YAML; 2.22+.</summary>
    public AsyncUnaryCall<AgentConfigResponse> GetAgentConfig(
        AgentConfigRequest request,
        CallOptions options = default
    ) => channel.AsyncUnaryCall(ManagerMethods.GetAgentConfig, options, request);

    /// <summary>Removes agents; 2.21+.</summary>
    public AsyncUnaryCall<Empty> UninstallAgents(UninstallAgentsRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.UninstallAgents, options, request);

    /// <summary>Tells whether an intercept could be made.</summary>
    public AsyncUnaryCall<PreparedIntercept> PrepareIntercept(
        CreateInterceptRequest request,
        CallOptions options = default
    ) => channel.AsyncUnaryCall(ManagerMethods.PrepareIntercept, options, request);

    /// <summary>Makes an intercept.</summary>
    public AsyncUnaryCall<InterceptInfo> CreateIntercept(
        CreateInterceptRequest request,
        CallOptions options = default
    ) => channel.AsyncUnaryCall(ManagerMethods.CreateIntercept, options, request);

    /// <summary>Ends an intercept.</summary>
    public AsyncUnaryCall<Empty> RemoveIntercept(RemoveInterceptRequest2 request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.RemoveIntercept, options, request);

    /// <summary>One intercept.</summary>
    public AsyncUnaryCall<InterceptInfo> GetIntercept(GetInterceptRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.GetIntercept, options, request);

    /// <summary>Subnets and DNS of the cluster, at once and on change.</summary>
    public AsyncServerStreamingCall<ClusterInfo> WatchClusterInfo(SessionInfo request, CallOptions options = default) =>
        channel.AsyncServerStreamingCall(ManagerMethods.WatchClusterInfo, options, request);

    /// <summary>Pods with an agent in the connected namespace.</summary>
    public AsyncServerStreamingCall<AgentPodInfoSnapshot> WatchAgentPods(
        SessionInfo request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchAgentPods, options, request);

    /// <summary>Agents.</summary>
    public AsyncServerStreamingCall<AgentInfoSnapshot> WatchAgents(
        SessionInfo request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchAgents, options, request);

    /// <summary>The session's intercepts.</summary>
    public AsyncServerStreamingCall<InterceptInfoSnapshot> WatchIntercepts(
        SessionInfo request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchIntercepts, options, request);

    /// <summary>Workloads and what happens to them.</summary>
    public AsyncServerStreamingCall<WorkloadEventsDelta> WatchWorkloads(
        WorkloadEventsRequest request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchWorkloads, options, request);

    /// <summary>Connections from the cluster that want a tunnel.</summary>
    public AsyncServerStreamingCall<DialRequest> WatchDial(SessionInfo request, CallOptions options = default) =>
        channel.AsyncServerStreamingCall(ManagerMethods.WatchDial, options, request);

    /// <summary>Agents of the namespaces asked for; gone by 2.31.</summary>
    public AsyncServerStreamingCall<AgentInfoSnapshot> WatchAgentsNS(
        AgentsRequest request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchAgentsNS, options, request);

    /// <summary>As <see cref="WatchAgentPods"/>, changes only; 2.26+.</summary>
    public AsyncServerStreamingCall<AgentPodInfoDelta> WatchAgentPodsDelta(
        SessionInfo request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchAgentPodsDelta, options, request);

    /// <summary>As <see cref="WatchAgents"/>, changes only; 2.26+.</summary>
    public AsyncServerStreamingCall<AgentInfoDelta> WatchAgentsDelta(
        SessionInfo request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchAgentsDelta, options, request);

    /// <summary>As <see cref="WatchAgentPodsDelta"/>, for the namespaces asked for; 2.28+.</summary>
    public AsyncServerStreamingCall<AgentPodInfoDelta> WatchAgentPodsInNamespacesDelta(
        AgentsRequest request,
        CallOptions options = default
    ) => channel.AsyncServerStreamingCall(ManagerMethods.WatchAgentPodsInNamespacesDelta, options, request);

    /// <summary>Begins a traffic-agent's session.</summary>
    public AsyncUnaryCall<SessionInfo> ArriveAsAgent(AgentInfo request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.ArriveAsAgent, options, request);

    /// <summary>Restores a traffic-agent's session in a manager that was restarted; 2.25+.</summary>
    public AsyncUnaryCall<Empty> ReconnectAgent(ReconnectAgentRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.ReconnectAgent, options, request);

    /// <summary>What a tunnel through a traffic-agent carried.</summary>
    public AsyncUnaryCall<Empty> ReportMetrics(TunnelMetrics request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.ReportMetrics, options, request);

    /// <summary>A traffic-agent's answer to an intercept.</summary>
    public AsyncUnaryCall<Empty> ReviewIntercept(ReviewInterceptRequest request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.ReviewIntercept, options, request);

    /// <summary>Questions to cluster DNS that a traffic-agent is to answer; before 2.31.</summary>
    public AsyncServerStreamingCall<DNSRequest> WatchLookupDNS(SessionInfo request, CallOptions options = default) =>
        channel.AsyncServerStreamingCall(ManagerMethods.WatchLookupDNS, options, request);

    /// <summary>A traffic-agent's answer to one of them.</summary>
    public AsyncUnaryCall<Empty> AgentLookupDNSResponse(DNSAgentResponse request, CallOptions options = default) =>
        channel.AsyncUnaryCall(ManagerMethods.AgentLookupDNSResponse, options, request);

    /// <summary>Log levels that traffic-agents are to take.</summary>
    public AsyncServerStreamingCall<LogLevelRequest> WatchLogLevel(CallOptions options = default) =>
        channel.AsyncServerStreamingCall(ManagerMethods.WatchLogLevel, options, Nothing);
}
