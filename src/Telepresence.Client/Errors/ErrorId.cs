namespace Telepresence.Client.Errors;

/// <summary>Ids of the errors that users see; scripts may rely on the names.</summary>
public enum ErrorId
{
    /// <summary>No kubeconfig file at the given or usual place.</summary>
    KubeconfigNotFound,

    /// <summary>The kubeconfig cannot be read as one.</summary>
    KubeconfigInvalid,

    /// <summary>The kubeconfig has no such context.</summary>
    ContextNotFound,

    /// <summary>The credential plugin of the kubeconfig failed.</summary>
    CredentialPluginFailed,

    /// <summary>The API server cannot be reached.</summary>
    ClusterUnreachable,

    /// <summary>The API server's or the user's certificate has expired.</summary>
    CertificateExpired,

    /// <summary>The API server's certificate is not signed by a trusted authority or names another host.</summary>
    CertificateUntrusted,

    /// <summary>The API server does not accept the credentials.</summary>
    Unauthorized,

    /// <summary>The API server refused a request for another reason, or answered something that is no Kubernetes object.</summary>
    KubernetesApiError,

    /// <summary>The API server does not have the object that was asked for.</summary>
    KubernetesObjectNotFound,

    /// <summary>The user may not read what is needed to find the traffic-manager.</summary>
    Forbidden,

    /// <summary>The user may not port-forward to the traffic-manager.</summary>
    PortForwardForbidden,

    /// <summary>The port-forward to the traffic-manager failed.</summary>
    PortForwardFailed,

    /// <summary>There is no traffic-manager.</summary>
    ManagerNotFound,

    /// <summary>The traffic-manager runs but does not answer.</summary>
    ManagerUnavailable,

    /// <summary>The traffic-manager asks who calls, and the kubeconfig's user cannot prove it.</summary>
    ManagerUnauthorized,

    /// <summary>The traffic-manager does not speak our protocol.</summary>
    ManagerProtocolMismatch,

    /// <summary>The namespace does not exist or is not managed.</summary>
    NamespaceNotFound,

    /// <summary>The workload does not exist or has no agent.</summary>
    WorkloadNotFound,

    /// <summary>No pod of the workload got a traffic-agent in time.</summary>
    AgentNotArrived,

    /// <summary>Agents cannot be linked to directly: by configuration, for want of a right, or because the manager is too old.</summary>
    AgentLinksUnavailable,

    /// <summary>The system has no TUN device.</summary>
    TunUnavailable,

    /// <summary>Elevation was refused, or nobody could be asked.</summary>
    ElevationRefused,

    /// <summary>The engine lacks a permission.</summary>
    PermissionMissing,

    /// <summary>A session of that name or cluster exists with other settings.</summary>
    SessionExistsWithOtherSettings,

    /// <summary>There is no such session.</summary>
    SessionNotFound,

    /// <summary>Several sessions fit.</summary>
    SessionAmbiguous,

    /// <summary>The session was ended by an error.</summary>
    SessionFailed,

    /// <summary>Not a CIDR.</summary>
    InvalidCidr,

    /// <summary>A configuration file, or what the cluster supplies, cannot be used.</summary>
    InvalidConfiguration,

    /// <summary>Not an IP address.</summary>
    InvalidAddress,

    /// <summary>Neither a CIDR nor one of the symbols.</summary>
    UnknownSymbol,

    /// <summary>Not <c>SUBNET=WORKLOAD</c>.</summary>
    InvalidProxyVia,

    /// <summary>A parameter has a value that cannot be used.</summary>
    InvalidParameter,

    /// <summary>A loopback subnet was to be routed.</summary>
    LoopbackSubnet,

    /// <summary>A multicast subnet was to be routed.</summary>
    MulticastSubnet,

    /// <summary>A link-local subnet was to be routed.</summary>
    LinkLocalSubnet,

    /// <summary>A prefix of length 0 was to be routed.</summary>
    WholeAddressSpace,

    /// <summary>A parameter names the same twice.</summary>
    DuplicateSubnet,

    /// <summary>No virtual address is left.</summary>
    VirtualSubnetExhausted,

    /// <summary>The virtual subnet overlaps a route or a cluster subnet.</summary>
    VirtualSubnetOverlaps,

    /// <summary>The virtual subnet has no room for any address.</summary>
    VirtualSubnetTooSmall,

    /// <summary>The virtual subnet is of a family of which nothing is translated.</summary>
    VirtualSubnetFamilyMismatch,

    /// <summary>Another session uses the virtual subnet.</summary>
    VirtualSubnetInUse,

    /// <summary>A cluster subnet collides with a local route.</summary>
    SubnetConflict,

    /// <summary>Two translations overlap.</summary>
    OverlappingTranslation,

    /// <summary>The address is not one of a session.</summary>
    AddressNotInSession,

    /// <summary>The name does not exist.</summary>
    NameNotFound,

    /// <summary>DNS cannot be directed to the engine.</summary>
    DnsUnavailable,

    /// <summary>The operating system refused a change of routing.</summary>
    RoutingFailed,

    /// <summary>No engine runs, or it cannot be started.</summary>
    EngineUnavailable,

    /// <summary>The engine's files are not those that the module was built with.</summary>
    EngineChanged,

    /// <summary>Engine and module are of different versions.</summary>
    EngineVersionMismatch,

    /// <summary>Pester is to get assertions and is not loaded.</summary>
    PesterNotLoaded,

    /// <summary>No sandbox runs, or it cannot be started.</summary>
    SandboxUnavailable,

    /// <summary>There is a traffic-manager already.</summary>
    ManagerInstalled,

    /// <summary>There is no traffic-manager that could be updated.</summary>
    ManagerNotInstalled,

    /// <summary>The traffic-manager was installed in another way, and is to be changed in that way.</summary>
    ManagerOwnedByOther,

    /// <summary>A value of the installation cannot be used.</summary>
    InvalidManagerValue,

    /// <summary>The user lacks rights that an installation needs.</summary>
    InstallationForbidden,

    /// <summary>Others changed what is to be applied.</summary>
    InstallationConflict,

    /// <summary>The traffic-manager was applied and does not run.</summary>
    ManagerNotAvailable,

    /// <summary>There is no helm.</summary>
    HelmNotFound,

    /// <summary>Helm ended with an error.</summary>
    HelmFailed,

    /// <summary>Not a form of a port that an engagement takes.</summary>
    InvalidEngagementPort,

    /// <summary>The session has an engagement of that name.</summary>
    EngagementExists,

    /// <summary>There is no such engagement.</summary>
    EngagementNotFound,

    /// <summary>Another client has taken over the same traffic.</summary>
    EngagementConflict,

    /// <summary>The traffic-manager does not accept the engagement: no such port, service or container, or it is ambiguous.</summary>
    EngagementRefused,

    /// <summary>The agent did not take the engagement up in time, or could not.</summary>
    EngagementNotActive,

    /// <summary>The traffic-manager is too old for that kind of engagement.</summary>
    EngagementUnsupported,

    /// <summary>Another engagement sends its traffic to the same place on this machine.</summary>
    LocalTargetInUse,

    /// <summary>A program on this machine listens on a port that a forward was to have.</summary>
    LocalPortInUse,

    /// <summary>A name or address on this machine cannot be used.</summary>
    LocalAddressInvalid,

    /// <summary>The pod has no such container, or several and none was named.</summary>
    ContainerNotFound,

    /// <summary>The program that mounts volumes is not there.</summary>
    MountProgramNotFound,

    /// <summary>Something is mounted there, or the directory is not empty.</summary>
    MountPointBusy,

    /// <summary>The volumes could not be mounted.</summary>
    MountFailed,

    /// <summary>A value cannot be written in the syntax that was asked for.</summary>
    EnvironmentNotWritable,

    /// <summary>A file cannot be read.</summary>
    FileNotReadable,

    /// <summary>A file cannot be written.</summary>
    FileNotWritable,

    /// <summary>An event subscription of that name is there.</summary>
    SubscriptionExists,

    /// <summary>Not done within the time that was asked for.</summary>
    Timeout,

    /// <summary>Ended by the user.</summary>
    Cancelled,

    /// <summary>Not on this operating system yet.</summary>
    PlatformNotYetSupported,

    /// <summary>A fault of ours.</summary>
    InternalError,
}
