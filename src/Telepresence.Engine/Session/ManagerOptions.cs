using Telepresence.Engine.Manager;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.Engine.Session;

/// <summary>What the configuration means to a <see cref="ManagerConnection"/>, and the other way round.</summary>
internal static class ManagerOptions
{
    /// <summary>Where what client.yaml sets comes from.</summary>
    public static ConfigurationOrigin ClusterOrigin { get; } = new("cluster", "client.yaml of the traffic-manager");

    public static ManagerConnectionOptions Make(
        SessionServices services,
        string connectedNamespace,
        IClusterAccess access
    )
    {
        // Only the local layers: the manager's own come over this very connection.
        var configuration = access.Configuration.Over(services.LocalConfiguration);
        var defaults = new ManagerConnectionOptions
        {
            Name = services.ClientName,
            InstallId = services.InstallId,
            Namespace = connectedNamespace,
            ManagerNamespace = access.ManagerNamespace,
            Tokens = access.Tokens,
            TimeProvider = services.Time,
        };
        return defaults with
        {
            ApiTimeout = configuration.TrafficManagerApi ?? defaults.ApiTimeout,
            LookupTimeout = configuration.DnsLookup ?? defaults.LookupTimeout,
            ReconnectWait = configuration.ReconnectWait ?? defaults.ReconnectWait,
            Tunnels = defaults.Tunnels with
            {
                RoundtripLatency = configuration.RoundtripLatency ?? defaults.Tunnels.RoundtripLatency,
                DialTimeout = configuration.EndpointDial ?? defaults.Tunnels.DialTimeout,
                TimeProvider = services.Time,
            },
        };
    }

    /// <param name="configuration">All layers, merged.</param>
    /// <exception cref="Client.Errors.TelepresenceException">AgentLinksUnavailable: the configuration says so.</exception>
    public static AgentOptions ForAgents(
        IReadOnlyList<string> workloads,
        ManagerConnectionOptions manager,
        ClientConfiguration configuration
    )
    {
        if (configuration.AgentPortForward is false)
        {
            throw AgentErrors.LinksUnavailable(
                manager.Namespace,
                "the configuration has cluster.agentPortForward: false, remove that key"
            );
        }
        var defaults = new AgentOptions
        {
            Namespace = manager.Namespace,
            Workloads = workloads,
            Tunnels = manager.Tunnels,
        };
        return defaults with { ArrivalTimeout = configuration.Intercept ?? defaults.ArrivalTimeout };
    }

    /// <summary>The kubeconfig's extension over local configuration over what the cluster supplies (PROTOCOL §5.1).</summary>
    /// <exception cref="InvalidConfigurationException">The cluster's cannot be read.</exception>
    public static ClientConfiguration MergedConfiguration(
        SessionServices services,
        IClusterAccess access,
        ManagerConnection connection
    )
    {
        var cluster = ClusterConfiguration(connection.ClientConfiguration);
        return access.Configuration.Over(services.LocalConfiguration.Over(cluster));
    }

    /// <summary>The layer that the manager's client.yaml is.</summary>
    /// <exception cref="InvalidConfigurationException">It cannot be read.</exception>
    public static ClientConfiguration ClusterConfiguration(string yaml) =>
        ClientConfigurationReader.Read(yaml, ClusterOrigin);
}
