using System.Net;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Discovery;

namespace Telepresence.TrafficManager.Pod;

/// <summary>
/// The environment that the chart gives the manager's container (PROTOCOL §7.5). Where there is no Kubernetes API to ask, its
/// subnets are all there are: <c>POD_CIDRS</c> and <c>SERVICE_CIDRS</c> (ours; with it service subnets are not looked for).
/// </summary>
/// <param name="Options">The manager's, with the facts of the environment.</param>
/// <param name="Discovery">How to find out the rest.</param>
/// <param name="MonitoringPort">Of health and metrics; 0: they are not offered.</param>
internal sealed record PodEnvironment(TrafficManagerOptions Options, DiscoveryOptions Discovery, int MonitoringPort)
{
    /// <summary>Names the upstream release to emulate, as in upstream's own tests.</summary>
    public const string CompatibilityVersion = "COMPATIBILITY_VERSION";

    private const int DefaultPort = 8081;
    private const string DefaultDomain = "cluster.local.";
    private const string DefaultRegistry = "ghcr.io/telepresenceio";

    /// <exception cref="FormatException">A variable makes no sense; the message names it.</exception>
    public static PodEnvironment Read(
        Func<string, string?> variable,
        string resolvConf,
        LogLevelSwitch logLevel,
        ILoggerFactory loggerFactory
    )
    {
        var environment = new EnvironmentVariables(variable);
        var resolver = ResolverConfiguration.Parse(resolvConf);
        var port = environment.Port("SERVER_PORT", DefaultPort);
        var facts = new ClusterFacts
        {
            InstallId = environment.Text("MANAGER_NAMESPACE_UID") ?? "",
            ManagerNamespace = environment.Text("MANAGER_NAMESPACE") ?? "ambassador",
            ServiceSubnets = environment.Networks("SERVICE_CIDRS"),
            PodSubnets = environment.Networks("POD_CIDRS"),
            ManagerPodAddress = environment.Address("POD_IP", IPAddress.Loopback),
            ManagerPodPort = port,
            ClusterDomain = resolver.ClusterDomain ?? DefaultDomain,
            DnsAddress = resolver.NameServers is [var first, ..] ? first : null,
            AlsoProxy = environment.Networks("CLIENT_ROUTING_ALSO_PROXY_SUBNETS"),
            NeverProxy = environment.Networks("CLIENT_ROUTING_NEVER_PROXY_SUBNETS"),
            AllowConflicting = environment.Networks("CLIENT_ROUTING_ALLOW_CONFLICTING_SUBNETS"),
        };
        var options = new TrafficManagerOptions
        {
            Dialer = new SocketDialer(),
            Dns = NameServerDns.From(resolver),
            State = new FixedClusterState(facts),
            Listen = new IPEndPoint(environment.Address("SERVER_HOST", IPAddress.IPv6Any), port),
            ClientTimeToLive = environment.Duration("CLIENT_CONNECTION_TTL", TimeSpan.FromHours(24)),
            AgentArrivalTimeout = environment.Duration("AGENT_ARRIVAL_TIMEOUT", TimeSpan.FromSeconds(30)),
            AgentApiPort = environment.Port("AGENT_REST_API_PORT", 0),
            AgentImage = AgentImage(environment),
            MaxReceiveMessageSize = environment.Size("GRPC_MAX_RECEIVE_SIZE", GrpcFraming.DefaultMaxMessageSize),
            LogLevel = logLevel,
            LoggerFactory = loggerFactory,
        };
        var discovery = new DiscoveryOptions
        {
            Known = facts,
            Strategy = environment.Choice("POD_CIDR_STRATEGY", PodSubnetStrategy.Auto),
            ManagedNamespaces = environment.Words("MANAGED_NAMESPACES") is [_, ..] managed ? managed : null,
            WorkloadKinds = environment.Choices<WorkloadKind>("ENABLED_WORKLOAD_KINDS"),
            IsDomainKnown = resolver.ClusterDomain is not null,
            Dns = options.Dns,
            ApiService = IPAddress.TryParse(environment.Text("KUBERNETES_SERVICE_HOST"), out var api) ? api : null,
            Logger = loggerFactory.CreateLogger("Telepresence.TrafficManager.Discovery"),
        };
        return new PodEnvironment(
            environment.Release(CompatibilityVersion) is { } r ? options.Emulating(r) : options,
            discovery,
            environment.Port("PROMETHEUS_PORT", 0)
        );
    }

    private static string? AgentImage(EnvironmentVariables environment) =>
        environment.Text("AGENT_IMAGE_NAME") is { } name
            ? $"{environment.Text("AGENT_REGISTRY") ?? DefaultRegistry}/{name}"
                + (environment.Text("AGENT_IMAGE_TAG") is { } tag ? $":{tag}" : "")
            : null;

    private sealed class FixedClusterState(ClusterFacts facts) : IClusterState
    {
        public ClusterFacts Current => facts;

        // Subnets of the environment never change.
        public event Action? Changed
        {
            add { }
            remove { }
        }
    }
}
