namespace Telepresence.Client.Objects;

/// <summary>State of a session.</summary>
public enum SessionState
{
    /// <summary>Being built.</summary>
    Connecting,

    /// <summary>In use.</summary>
    Connected,

    /// <summary>The cluster is out of reach; being tried again.</summary>
    Reconnecting,

    /// <summary>Being undone.</summary>
    Disconnecting,

    /// <summary>Gone.</summary>
    Disconnected,

    /// <summary>Ended by an error: see the last error.</summary>
    Failed,
}

/// <summary>IPv4 or IPv6, named as NetTCPIP names them.</summary>
public enum AddressFamilyName
{
    /// <summary>IPv4.</summary>
    IPv4,

    /// <summary>IPv6.</summary>
    IPv6,
}

/// <summary>Transport of a connection.</summary>
public enum TransportProtocol
{
    /// <summary>TCP.</summary>
    Tcp,

    /// <summary>UDP.</summary>
    Udp,
}

/// <summary>What a subnet is to the cluster.</summary>
public enum SubnetKind
{
    /// <summary>Service addresses.</summary>
    Service,

    /// <summary>Pod addresses.</summary>
    Pod,

    /// <summary>Routed besides the cluster's own.</summary>
    Also,

    /// <summary>Never routed into the cluster.</summary>
    Never,

    /// <summary>Virtual addresses of the session.</summary>
    Virtual,
}

/// <summary>Where a route comes from.</summary>
public enum RouteOrigin
{
    /// <summary>Pod subnet.</summary>
    Pod,

    /// <summary>Service subnet.</summary>
    Service,

    /// <summary>Asked for with AlsoProxy.</summary>
    AlsoProxy,

    /// <summary>Name server whose queries are captured.</summary>
    Dns,

    /// <summary>Virtual subnet.</summary>
    Virtual,

    /// <summary>Not a route of ours.</summary>
    System,
}

/// <summary>What is done with a subnet.</summary>
public enum RouteDisposition
{
    /// <summary>Goes into the cluster as it is.</summary>
    Proxied,

    /// <summary>Reached through virtual addresses.</summary>
    Translated,

    /// <summary>Keeps the route it had.</summary>
    Excluded,

    /// <summary>Another, better route wins.</summary>
    Superseded,
}

/// <summary>How bad a conflict is.</summary>
public enum ConflictSeverity
{
    /// <summary>No conflict.</summary>
    None,

    /// <summary>Overlaps, but what was asked for takes care of it.</summary>
    Resolved,

    /// <summary>Overlaps, and the local route loses addresses that it served.</summary>
    Warning,

    /// <summary>Connect would refuse.</summary>
    Blocking,
}

/// <summary>What connect would do about a conflict.</summary>
public enum ConflictResolution
{
    /// <summary>There is nothing to do.</summary>
    None,

    /// <summary>The cluster's subnet gets virtual addresses.</summary>
    Translate,

    /// <summary>The cluster's subnet overrides the local route, as the user allowed.</summary>
    Allowed,

    /// <summary>Connect ends with <c>SubnetConflict</c>.</summary>
    Refused,
}

/// <summary>Who answered a DNS query.</summary>
public enum DnsAnswerSource
{
    /// <summary>The cluster's DNS.</summary>
    Cluster,

    /// <summary>The machine's own name server.</summary>
    Upstream,

    /// <summary>The engine itself, from its cache.</summary>
    Cache,

    /// <summary>The engine itself, without asking anyone.</summary>
    Local,
}

/// <summary>Whether the pods of a workload run.</summary>
public enum WorkloadState
{
    /// <summary>Nobody said.</summary>
    Unknown,

    /// <summary>As many as wanted are there.</summary>
    Available,

    /// <summary>They are being made, or replaced.</summary>
    Progressing,

    /// <summary>They cannot be made.</summary>
    Failure,
}

/// <summary>Whether the pods of a workload have a traffic-agent.</summary>
public enum WorkloadAgentState
{
    /// <summary>They have none.</summary>
    None,

    /// <summary>They have one.</summary>
    Installed,

    /// <summary>They have one, and a client intercepts.</summary>
    Intercepted,
}

/// <summary>What an installation did to an object.</summary>
public enum ManagerObjectAction
{
    /// <summary>It was not there before.</summary>
    Created,

    /// <summary>It is another than before.</summary>
    Configured,

    /// <summary>It was as it is to be.</summary>
    Unchanged,

    /// <summary>It is gone.</summary>
    Deleted,
}

/// <summary>What an engagement does.</summary>
public enum EngagementKind
{
    /// <summary>Traffic of a port is answered here instead of in the pod.</summary>
    Intercept,

    /// <summary>A container is taken out of the pod; this machine stands for it.</summary>
    Replacement,

    /// <summary>Environment and volumes of a container are here; its traffic is not.</summary>
    Ingest,

    /// <summary>Traffic of a port is copied here; the pod goes on answering.</summary>
    Wiretap,
}

/// <summary>Whether an engagement works.</summary>
public enum EngagementState
{
    /// <summary>A pod with an agent is waited for.</summary>
    Waiting,

    /// <summary>It works.</summary>
    Active,

    /// <summary>The traffic-manager is out of reach, or has forgotten it: it is being restored.</summary>
    Reconnecting,

    /// <summary>It was ended from the other side: see the message.</summary>
    Failed,

    /// <summary>It was removed.</summary>
    Removed,
}
