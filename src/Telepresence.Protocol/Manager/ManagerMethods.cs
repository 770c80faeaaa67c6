using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Protocol.Manager;

/// <summary>The traffic-manager's service: its methods, for client and server.</summary>
public static class ManagerMethods
{
    /// <summary>Name of the service.</summary>
    public const string ServiceName = "telepresence.manager.Manager";

    /// <summary>One connection through the cluster.</summary>
    public static readonly Method<TunnelMessage, TunnelMessage> Tunnel = new(
        MethodType.DuplexStreaming,
        ServiceName,
        nameof(Tunnel)
    );

    /// <summary>The manager's name and release.</summary>
    public static readonly Method<Empty, VersionInfo2> Version = new(MethodType.Unary, ServiceName, nameof(Version));

    /// <summary>Cluster-supplied client configuration, YAML.</summary>
    public static readonly Method<Empty, CLIConfig> GetClientConfig = new(
        MethodType.Unary,
        ServiceName,
        nameof(GetClientConfig)
    );

    /// <summary>Image the manager injects.</summary>
    public static readonly Method<Empty, AgentImageFQN> GetAgentImageFQN = new(
        MethodType.Unary,
        ServiceName,
        nameof(GetAgentImageFQN)
    );

    /// <summary>Begins a session.</summary>
    public static readonly Method<ClientInfo, SessionInfo> ArriveAsClient = new(
        MethodType.Unary,
        ServiceName,
        nameof(ArriveAsClient)
    );

    /// <summary>Keeps a session.</summary>
    public static readonly Method<RemainRequest, Empty> Remain = new(MethodType.Unary, ServiceName, nameof(Remain));

    /// <summary>Ends a session.</summary>
    public static readonly Method<SessionInfo, Empty> Depart = new(MethodType.Unary, ServiceName, nameof(Depart));

    /// <summary>Restores a session in a manager that was restarted; 2.25+.</summary>
    public static readonly Method<ReconnectClientRequest, Empty> ReconnectClient = new(
        MethodType.Unary,
        ServiceName,
        nameof(ReconnectClient)
    );

    /// <summary>Log level of the manager and its agents.</summary>
    public static readonly Method<LogLevelRequest, Empty> SetLogLevel = new(
        MethodType.Unary,
        ServiceName,
        nameof(SetLogLevel)
    );

    /// <summary>Kinds of workloads the manager serves; 2.20+.</summary>
    public static readonly Method<SessionInfo, KnownWorkloadKinds> GetKnownWorkloadKinds = new(
        MethodType.Unary,
        ServiceName,
        nameof(GetKnownWorkloadKinds)
    );

    /// <summary>One question to cluster DNS.</summary>
    public static readonly Method<DNSRequest, DNSResponse> LookupDNS = new(
        MethodType.Unary,
        ServiceName,
        nameof(LookupDNS)
    );

    /// <summary>Addresses of both families; 2.25+.</summary>
    public static readonly Method<LookupRequest, LookupResponse> Lookup = new(
        MethodType.Unary,
        ServiceName,
        nameof(Lookup)
    );

    /// <summary>Makes a workload have an agent.</summary>
    public static readonly Method<EnsureAgentRequest, AgentInfoSnapshot> EnsureAgent = new(
        MethodType.Unary,
        ServiceName,
        nameof(EnsureAgent)
    );

    /// <summary>An agent's configuration, YAML; 2.22+.</summary>
    public static readonly Method<AgentConfigRequest, AgentConfigResponse> GetAgentConfig = new(
        MethodType.Unary,
        ServiceName,
        nameof(GetAgentConfig)
    );

    /// <summary>Removes agents; 2.21+.</summary>
    public static readonly Method<UninstallAgentsRequest, Empty> UninstallAgents = new(
        MethodType.Unary,
        ServiceName,
        nameof(UninstallAgents)
    );

    /// <summary>Tells whether an intercept could be made.</summary>
    public static readonly Method<CreateInterceptRequest, PreparedIntercept> PrepareIntercept = new(
        MethodType.Unary,
        ServiceName,
        nameof(PrepareIntercept)
    );

    /// <summary>Makes an intercept.</summary>
    public static readonly Method<CreateInterceptRequest, InterceptInfo> CreateIntercept = new(
        MethodType.Unary,
        ServiceName,
        nameof(CreateIntercept)
    );

    /// <summary>Ends an intercept.</summary>
    public static readonly Method<RemoveInterceptRequest2, Empty> RemoveIntercept = new(
        MethodType.Unary,
        ServiceName,
        nameof(RemoveIntercept)
    );

    /// <summary>One intercept.</summary>
    public static readonly Method<GetInterceptRequest, InterceptInfo> GetIntercept = new(
        MethodType.Unary,
        ServiceName,
        nameof(GetIntercept)
    );

    /// <summary>Changes nothing that is still there; before 2.31.</summary>
    public static readonly Method<UpdateInterceptRequest, InterceptInfo> UpdateIntercept = new(
        MethodType.Unary,
        ServiceName,
        nameof(UpdateIntercept)
    );

    /// <summary>Subnets and DNS of the cluster, at once and on change.</summary>
    public static readonly Method<SessionInfo, ClusterInfo> WatchClusterInfo = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchClusterInfo)
    );

    /// <summary>Pods with an agent in the connected namespace.</summary>
    public static readonly Method<SessionInfo, AgentPodInfoSnapshot> WatchAgentPods = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchAgentPods)
    );

    /// <summary>Agents.</summary>
    public static readonly Method<SessionInfo, AgentInfoSnapshot> WatchAgents = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchAgents)
    );

    /// <summary>The session's intercepts.</summary>
    public static readonly Method<SessionInfo, InterceptInfoSnapshot> WatchIntercepts = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchIntercepts)
    );

    /// <summary>Workloads and what happens to them.</summary>
    public static readonly Method<WorkloadEventsRequest, WorkloadEventsDelta> WatchWorkloads = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchWorkloads)
    );

    /// <summary>Connections from the cluster that want a tunnel.</summary>
    public static readonly Method<SessionInfo, DialRequest> WatchDial = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchDial)
    );

    /// <summary>Agents of the namespaces asked for; gone by 2.31.</summary>
    public static readonly Method<AgentsRequest, AgentInfoSnapshot> WatchAgentsNS = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchAgentsNS)
    );

    /// <summary>As <see cref="WatchAgentPods"/>, changes only; 2.26+.</summary>
    public static readonly Method<SessionInfo, AgentPodInfoDelta> WatchAgentPodsDelta = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchAgentPodsDelta)
    );

    /// <summary>As <see cref="WatchAgents"/>, changes only; 2.26+.</summary>
    public static readonly Method<SessionInfo, AgentInfoDelta> WatchAgentsDelta = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchAgentsDelta)
    );

    /// <summary>As <see cref="WatchAgentPodsDelta"/>, for the namespaces asked for; 2.28+.</summary>
    public static readonly Method<AgentsRequest, AgentPodInfoDelta> WatchAgentPodsInNamespacesDelta = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchAgentPodsInNamespacesDelta)
    );

    /// <summary>Begins a traffic-agent's session.</summary>
    public static readonly Method<AgentInfo, SessionInfo> ArriveAsAgent = new(
        MethodType.Unary,
        ServiceName,
        nameof(ArriveAsAgent)
    );

    /// <summary>Restores a traffic-agent's session in a manager that was restarted; 2.25+.</summary>
    public static readonly Method<ReconnectAgentRequest, Empty> ReconnectAgent = new(
        MethodType.Unary,
        ServiceName,
        nameof(ReconnectAgent)
    );

    /// <summary>Log levels that traffic-agents are to take.</summary>
    public static readonly Method<Empty, LogLevelRequest> WatchLogLevel = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchLogLevel)
    );

    /// <summary>What a tunnel through a traffic-agent carried.</summary>
    public static readonly Method<TunnelMetrics, Empty> ReportMetrics = new(
        MethodType.Unary,
        ServiceName,
        nameof(ReportMetrics)
    );

    /// <summary>Port of the API that an engaged container's processes may call; 0: there is none.</summary>
    public static readonly Method<Empty, TelepresenceAPIInfo> GetTelepresenceAPI = new(
        MethodType.Unary,
        ServiceName,
        nameof(GetTelepresenceAPI)
    );

    /// <summary>As <see cref="WatchIntercepts"/>, changes only; 2.26+.</summary>
    public static readonly Method<SessionInfo, InterceptInfoDelta> WatchInterceptsDelta = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchInterceptsDelta)
    );

    /// <summary>Agents' pods and intercepts over one stream, changes only; 2.31+.</summary>
    public static readonly Method<SessionEventsRequest, SessionEventsDelta> WatchSessionEvents = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchSessionEvents)
    );

    /// <summary>An agent takes an intercept on, or refuses it.</summary>
    public static readonly Method<ReviewInterceptRequest, Empty> ReviewIntercept = new(
        MethodType.Unary,
        ServiceName,
        nameof(ReviewIntercept)
    );

    /// <summary>Names that an agent is to look up; gone by 2.31.</summary>
    public static readonly Method<SessionInfo, DNSRequest> WatchLookupDNS = new(
        MethodType.ServerStreaming,
        ServiceName,
        nameof(WatchLookupDNS)
    );

    /// <summary>What an agent found; gone by 2.31.</summary>
    public static readonly Method<DNSAgentResponse, Empty> AgentLookupDNSResponse = new(
        MethodType.Unary,
        ServiceName,
        nameof(AgentLookupDNSResponse)
    );

    /// <summary>Logs of old: answered with nothing.</summary>
    public static readonly Method<GetLogsRequest, LogsResponse> GetLogs = new(
        MethodType.Unary,
        ServiceName,
        nameof(GetLogs)
    );
}
