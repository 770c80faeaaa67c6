using static Telepresence.Engine.Session.Configuration.ConfigurationValueType;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Every key that is known (PROTOCOL §5.2).</summary>
internal static class ConfigurationKeys
{
    public static readonly ConfigurationKey ClusterConnect = Used(
        "timeouts.clusterConnect",
        Duration,
        "20s",
        "First contact with the API server."
    );

    public static readonly ConfigurationKey EndpointDial = Used(
        "timeouts.endpointDial",
        Duration,
        "3s",
        "How long the cluster side tries to open a connection."
    );

    public static readonly ConfigurationKey RoundtripLatency = Used(
        "timeouts.roundtripLatency",
        Duration,
        "2s",
        "Added to the dial time-out before a connection counts as lost."
    );

    public static readonly ConfigurationKey TrafficManagerApi = Used(
        "timeouts.trafficManagerAPI",
        Duration,
        "15s",
        "First answer of the traffic-manager."
    );

    public static readonly ConfigurationKey TrafficManagerConnect = Used(
        "timeouts.trafficManagerConnect",
        Duration,
        "1m",
        "The whole connect."
    );

    public static readonly ConfigurationKey Intercept = Used(
        "timeouts.intercept",
        Duration,
        "30s",
        "Until a workload's traffic-agent has arrived."
    );

    public static readonly ConfigurationKey ReconnectWait = Used(
        "timeouts.reconnectWait",
        Duration,
        "10s",
        "How long a new connection waits for a lost cluster to come back."
    );

    public static readonly ConfigurationKey ForceSpdy = Used(
        "cluster.forceSPDY",
        ConfigurationValueType.Boolean,
        "false",
        "Port-forward by SPDY alone."
    );

    public static readonly ConfigurationKey AgentPortForward = Used(
        "cluster.agentPortForward",
        ConfigurationValueType.Boolean,
        "true",
        "Direct links to traffic-agents, which -ProxyVia needs."
    );

    public static readonly ConfigurationKey DefaultManagerNamespace = Used(
        "cluster.defaultManagerNamespace",
        Text,
        "",
        "Namespace of the traffic-manager; ambassador when nobody names one."
    ) with
    {
        ExtensionPaths = ["manager.namespace"],
    };

    public static readonly ConfigurationKey MappedNamespaces = Used(
        "cluster.mappedNamespaces",
        TextList,
        "",
        "Namespaces whose names resolve; all without it."
    );

    public static readonly ConfigurationKey DnsExcludeSuffixes = Used(
        "dns.excludeSuffixes",
        TextList,
        ".com, .io, .net, .org, .ru",
        "Names with these endings are never looked up in the cluster."
    ) with
    {
        ExtensionPaths = ["dns.exclude-suffixes"],
    };

    public static readonly ConfigurationKey DnsIncludeSuffixes = Used(
        "dns.includeSuffixes",
        TextList,
        "",
        "Names with these endings are looked up in the cluster in spite of an excluded ending."
    ) with
    {
        ExtensionPaths = ["dns.include-suffixes"],
    };

    public static readonly ConfigurationKey DnsExcludes = Used(
        "dns.excludes",
        TextList,
        "",
        "Names that are never looked up in the cluster."
    ) with
    {
        ExtensionPaths = ["dns.excludes"],
    };

    public static readonly ConfigurationKey DnsMappings = Used(
        "dns.mappings",
        MappingList,
        "",
        "Names that stand for another name: entries with name and aliasFor."
    ) with
    {
        ExtensionPaths = ["dns.mappings"],
    };

    public static readonly ConfigurationKey DnsLookup = Used(
        "dns.lookupTimeout",
        Duration,
        "4s",
        "One look-up in the cluster."
    ) with
    {
        ExtensionPaths = ["dns.lookup-timeout"],
    };

    public static readonly ConfigurationKey AlsoProxy = Used(
        "routing.alsoProxySubnets",
        SubnetList,
        "",
        "Subnets routed into the cluster besides its own."
    ) with
    {
        OldPaths = ["routing.alsoProxy"],
        ExtensionPaths = ["also-proxy"],
    };

    public static readonly ConfigurationKey NeverProxy = Used(
        "routing.neverProxySubnets",
        SubnetList,
        "",
        "Subnets that keep the route they have."
    ) with
    {
        OldPaths = ["routing.neverProxy"],
        ExtensionPaths = ["never-proxy"],
    };

    public static readonly ConfigurationKey AllowConflicting = Used(
        "routing.allowConflictingSubnets",
        SubnetList,
        "",
        "Subnets in which the cluster may override local routes."
    ) with
    {
        OldPaths = ["routing.allowConflicting"],
        ExtensionPaths = ["allow-conflicting-subnets"],
    };

    public static readonly ConfigurationKey VirtualSubnet = Used(
        "routing.virtualSubnet",
        Subnet,
        "",
        "Subnet that virtual addresses are taken from; chosen by system and session without it."
    ) with
    {
        OldPaths = ["cluster.virtualIPSubnet"],
    };

    public static readonly ConfigurationKey AutoResolveConflicts = Used(
        "routing.autoResolveConflicts",
        ConfigurationValueType.Boolean,
        "true",
        "Translates a cluster subnet that collides with a local route, instead of refusing to connect."
    );

    /// <summary>Ordered by path.</summary>
    public static IReadOnlyList<ConfigurationKey> All { get; } =
    [
        .. new[]
        {
            ClusterConnect,
            EndpointDial,
            RoundtripLatency,
            TrafficManagerApi,
            TrafficManagerConnect,
            Intercept,
            ReconnectWait,
            ForceSpdy,
            AgentPortForward,
            DefaultManagerNamespace,
            MappedNamespaces,
            DnsExcludeSuffixes,
            DnsIncludeSuffixes,
            DnsExcludes,
            DnsMappings,
            DnsLookup,
            AlsoProxy,
            NeverProxy,
            AllowConflicting,
            VirtualSubnet,
            AutoResolveConflicts,
        }
            .Concat(Unused())
            .OrderBy(k => k.Path, StringComparer.Ordinal),
    ];

    /// <summary>Sections whose keys are other programs' or features'; nothing in them is a mistake of spelling.</summary>
    public static IReadOnlyList<string> ForeignSections { get; } =
    ["docker.telemount", "docker.teleroute", "intercept.telemount", "usage"];

    /// <summary>The paths in config.yml and client.yaml.</summary>
    public static KeyPaths Paths { get; } = new(All, key => [key.Path, .. key.OldPaths]);

    /// <summary>The paths in a kubeconfig's extension.</summary>
    public static KeyPaths ExtensionPaths { get; } =
        new(All, key => [key.Path, .. key.OldPaths, .. key.ExtensionPaths]);

    private static ConfigurationKey Used(
        string path,
        ConfigurationValueType type,
        string defaultValue,
        string description
    ) => new(path, type, defaultValue, description, IsUsed: true);

    private static ConfigurationKey Unused(
        string path,
        ConfigurationValueType type,
        string defaultValue,
        string description
    ) => new(path, type, defaultValue, description, IsUsed: false);

    private static IEnumerable<ConfigurationKey> Unused() =>
        [
            Unused(
                "timeouts.connectivityCheck",
                Duration,
                "500ms",
                "Test whether the cluster is reachable without routes."
            ),
            Unused("timeouts.containerShutdown", Duration, "0s", "Grace of a container that stops."),
            Unused("timeouts.helm", Duration, "30s", "Operations of Helm."),
            Unused("timeouts.proxyDial", Duration, "5s", "Outbound dial of the old proxy."),
            Unused("timeouts.trafficAgentArrival", Duration, "1m", "Wait for a traffic-agent."),
            Unused("timeouts.ftpReadWrite", Duration, "1m", "One read or write of a remote file."),
            Unused("timeouts.ftpShutdown", Duration, "2m", "End of remote files."),
            Unused("logLevels.userDaemon", Text, "info", "Log of upstream's user daemon."),
            Unused("logLevels.rootDaemon", Text, "info", "Log of upstream's root daemon."),
            Unused("logLevels.cli", Text, "info", "Log of upstream's command line."),
            Unused("logLevels.kubeAuthDaemon", Text, "info", "Log of upstream's authenticator."),
            Unused("images.registry", Text, "ghcr.io/telepresenceio", "Registry of images."),
            Unused("images.agentImage", Text, "", "Image of the traffic-agent."),
            Unused("images.clientImage", Text, "", "Image of the containerized client."),
            Unused("images.webhookRegistry", Text, "", "Registry of the webhook's images."),
            Unused("grpc.maxReceiveSize", Quantity, "4Mi", "Largest message."),
            Unused("grpc.connectionTTL", Duration, "24h", "How long an idle connection is kept."),
            Unused("grpc.daemonPort", Integer, "4038", "Port of the containerized daemon."),
            Unused("connectionTTL", Duration, "", "How long the traffic-manager keeps an idle client."),
            Unused("telepresenceAPI.port", Integer, "0", "Port of the agents' RESTful API."),
            Unused("intercept.defaultPort", Integer, "0", "Local port of an intercept."),
            Unused("intercept.appProtocolStrategy", Text, "http2Probe", "How an application protocol is found out."),
            Unused("intercept.useFtp", ConfigurationValueType.Boolean, "false", "Mounts by FTP instead of SFTP."),
            Unused("intercept.mountsRoot", Text, "", "Directory of mounts."),
            Unused("intercept.localShortcut", ConfigurationValueType.Boolean, "true", "Local short cut of intercepts."),
            Unused("cluster.connectFromRootDaemon", ConfigurationValueType.Boolean, "true", "Which daemon connects."),
            Unused(
                "cluster.dockerAddHostGateway",
                ConfigurationValueType.Boolean,
                "true",
                "Host gateway of containers."
            ),
            Unused("dns.localIP", Address, "", "Name server to forward to.") with
            {
                ExtensionPaths = ["dns.local-ip"],
            },
            Unused("dns.remoteIP", Address, "", "Name server in the cluster.") with
            {
                ExtensionPaths = ["dns.remote-ip"],
            },
            Unused("dns.recursionCheck", ConfigurationValueType.Boolean, "false", "Looks for loops of name servers."),
            Unused("dns.useComplexLookup", ConfigurationValueType.Boolean, "false", "Look-ups with record types."),
            Unused("routing.subnets", SubnetList, "", "Computed from the cluster."),
            Unused("routing.recursionBlockDuration", Duration, "0s", "How long a looping address is blocked."),
            Unused("routing.recursionBlockTreads", Integer, "5", "How many connections make a loop."),
            Unused("docker.addHostGateway", ConfigurationValueType.Boolean, "true", "Host gateway of containers."),
            Unused("docker.enableIPv4", ConfigurationValueType.Boolean, "true", "IPv4 in containers."),
            Unused("docker.enableIPv6", ConfigurationValueType.Boolean, "false", "IPv6 in containers."),
            Unused("helm.chartURL", Text, "", "Where the chart is."),
            Unused("network.dnsWithFallback", ConfigurationValueType.Boolean, "false", "DNS of Windows."),
        ];
}
