namespace Telepresence.Client.Contract;

/// <summary>Names of the engine's JSON-RPC methods and notifications, and which records they carry.</summary>
public static class EngineMethods
{
    /// <summary>Version of this contract. Engine and module work together when it is equal.</summary>
    public const int ContractVersion = 1;

    /// <summary><see cref="HelloParameters"/> → <see cref="HelloResult"/>: first call on a connection.</summary>
    public const string Hello = "engine.hello";

    /// <summary><see cref="RepairParameters"/> → array of <see cref="Objects.TelepresenceRepair"/>.</summary>
    public const string Repair = "engine.repair";

    /// <summary>
    /// <see cref="ConnectParameters"/> → <see cref="Objects.TelepresenceSession"/>. While it runs the engine sends
    /// <see cref="Progress"/>. Connecting again with the same settings returns the session that exists.
    /// </summary>
    public const string Connect = "session.connect";

    /// <summary><see cref="ConnectParameters"/> → <see cref="Objects.ConnectPlan"/>. Changes nothing; needs no privilege.</summary>
    public const string Plan = "session.plan";

    /// <summary><see cref="SessionParameters"/> → nothing. Returns when routes, DNS and interface are gone.</summary>
    public const string Disconnect = "session.disconnect";

    /// <summary><see cref="SessionParameters"/> → array of <see cref="Objects.TelepresenceSession"/>.</summary>
    public const string ListSessions = "session.list";

    /// <summary><see cref="WaitParameters"/> → <see cref="Objects.TelepresenceSession"/>.</summary>
    public const string Wait = "session.wait";

    /// <summary><see cref="SessionParameters"/> → array of <see cref="Objects.TelepresenceSubnet"/>.</summary>
    public const string Subnets = "session.subnets";

    /// <summary><see cref="RoutesParameters"/> → array of <see cref="Objects.TelepresenceRoute"/>.</summary>
    public const string Routes = "session.routes";

    /// <summary><see cref="FindRouteParameters"/> → array of <see cref="Objects.TelepresenceRouteDecision"/>, in the order asked.</summary>
    public const string FindRoute = "route.find";

    /// <summary><see cref="ConflictParameters"/> → array of <see cref="Objects.TelepresenceConflict"/>. Needs no session and no privilege.</summary>
    public const string TestConflict = "conflict.test";

    /// <summary><see cref="SessionParameters"/> → array of <see cref="Objects.TelepresenceVirtualAddress"/> in use.</summary>
    public const string ListVirtualAddresses = "vnat.list";

    /// <summary><see cref="AddressParameters"/> (cluster addresses) → array of <see cref="Objects.TelepresenceVirtualAddress"/>.</summary>
    public const string ToVirtual = "vnat.toVirtual";

    /// <summary><see cref="AddressParameters"/> (virtual addresses) → array of <see cref="Objects.TelepresenceVirtualAddress"/>.</summary>
    public const string ToCluster = "vnat.toCluster";

    /// <summary><see cref="ResolveParameters"/> → array of <see cref="Objects.TelepresenceDnsRecord"/>.</summary>
    public const string Resolve = "dns.resolve";

    /// <summary><see cref="DnsQueriesParameters"/> → array of <see cref="Objects.TelepresenceDnsQuery"/>, newest last.</summary>
    public const string DnsQueries = "dns.queries";

    /// <summary><see cref="SessionParameters"/> → array of <see cref="Objects.TelepresenceConnection"/>.</summary>
    public const string ListConnections = "connection.list";

    /// <summary><see cref="StopConnectionParameters"/> → number of connections that were ended.</summary>
    public const string StopConnection = "connection.stop";

    /// <summary><see cref="LogLevelParameters"/> → nothing. The engine's own, or the traffic-manager's and its agents'.</summary>
    public const string SetLogLevel = "log.level";

    /// <summary><see cref="SessionParameters"/> (unused) → array of the policy rules of the machine, as <c>ip rule</c> shows them.</summary>
    public const string Rules = "route.rules";

    /// <summary><see cref="PingParameters"/> → array of milliseconds.</summary>
    public const string Ping = "session.ping";

    /// <summary>
    /// <see cref="TraceParameters"/> → <see cref="Objects.TelepresenceTrace"/>, when it has ended. While it runs the engine sends
    /// <see cref="TraceProgressed"/>.
    /// </summary>
    public const string Trace = "packet.trace";

    /// <summary>Notification from the engine: <see cref="TraceProgress"/>, once a second.</summary>
    public const string TraceProgressed = "packet.traced";

    /// <summary>
    /// <see cref="ConnectionWatchParameters"/> → nothing. While it runs, which is until it is cancelled or the last session has
    /// ended, the engine sends <see cref="ConnectionsChanged"/>.
    /// </summary>
    public const string WatchConnections = "connection.watch";

    /// <summary>Notification from the engine: <see cref="ConnectionChanges"/>.</summary>
    public const string ConnectionsChanged = "connection.changed";

    /// <summary><see cref="ClusterSelection"/> → array of <see cref="Objects.TelepresenceContext"/>, the current one first.</summary>
    public const string Contexts = "kubeconfig.contexts";

    /// <summary><see cref="ClusterSelection"/> → array of <see cref="Objects.TelepresenceNamespace"/>.</summary>
    public const string Namespaces = "cluster.namespaces";

    /// <summary><see cref="WorkloadsParameters"/> → array of <see cref="Objects.TelepresenceWorkload"/>.</summary>
    public const string Workloads = "cluster.workloads";

    /// <summary><see cref="ConfigurationParameters"/> → <see cref="ConfigurationResult"/>. Needs no privilege.</summary>
    public const string Configuration = "configuration.get";

    /// <summary><see cref="ConfigurationChange"/> → <see cref="ConfigurationChanged"/>. Needs no privilege.</summary>
    public const string SetConfiguration = "configuration.set";

    /// <summary><see cref="SessionParameters"/> (unused) → array of the keys of the configuration.</summary>
    public const string ConfigurationKeys = "configuration.keys";

    /// <summary>
    /// <see cref="InstallationParameters"/> → <see cref="InstallationResult"/>. While it runs the engine sends
    /// <see cref="InstallationProgressed"/>. Only the engine that is nothing but the user answers.
    /// </summary>
    public const string Install = "manager.install";

    /// <summary>As <see cref="Install"/>, for a traffic-manager that is there.</summary>
    public const string Update = "manager.update";

    /// <summary>As <see cref="Install"/>: deletes what was installed.</summary>
    public const string Uninstall = "manager.uninstall";

    /// <summary>
    /// <see cref="EngagementRequest"/> → <see cref="Objects.TelepresenceEngagement"/>. While it runs the engine sends
    /// <see cref="EngagementProgressed"/>.
    /// </summary>
    public const string Engage = "engagement.new";

    /// <summary><see cref="EngagementParameters"/> → array of <see cref="Objects.TelepresenceEngagement"/>.</summary>
    public const string ListEngagements = "engagement.list";

    /// <summary><see cref="EngagementParameters"/> → nothing. Returns when nothing of it is left on this machine.</summary>
    public const string RemoveEngagement = "engagement.remove";

    /// <summary><see cref="WorkloadPortsParameters"/> → array of forms of <see cref="Engagements.EngagementPort"/>, such as <c>8080:http</c>.</summary>
    public const string WorkloadPorts = "engagement.ports";

    /// <summary><see cref="AgentRemoval"/> → names of the workloads whose agents were removed.</summary>
    public const string UninstallAgents = "agent.uninstall";

    /// <summary>Notification from the engine: <see cref="EngagementProgress"/>.</summary>
    public const string EngagementProgressed = "engagement.progress";

    /// <summary>Notification from the engine: <see cref="Objects.TelepresenceEngagement"/> whose state changed.</summary>
    public const string EngagementChanged = "engagement.changed";

    /// <summary>Notification from the engine: <see cref="InstallationProgress"/>.</summary>
    public const string InstallationProgressed = "manager.progress";

    /// <summary>Notification from the engine: <see cref="ConnectProgress"/>.</summary>
    public const string Progress = "session.progress";

    /// <summary>Notification from the engine: <see cref="Objects.TelepresenceSession"/> whose state or subnets changed.</summary>
    public const string SessionChanged = "session.changed";

    /// <summary>Notification from the engine: <see cref="ConflictNotice"/>, when a local route came up that collides with a session.</summary>
    public const string ConflictDetected = "session.conflict";
}
