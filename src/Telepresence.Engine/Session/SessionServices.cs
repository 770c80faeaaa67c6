using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.Session;

/// <summary>Opens the way into a cluster. Tests and benches put a direct one in place of the API server's.</summary>
internal delegate IClusterAccess ClusterAccessFactory(SessionSettings settings, ClientConfiguration configuration);

/// <summary>What all sessions of one engine share. Whoever composes the engine chooses each part.</summary>
internal sealed record SessionServices
{
    public required IRouting Routing { get; init; }
    public required IVifFactory Vifs { get; init; }

    /// <summary>What DNS plumbing looks at; the addresses in it are filled in when it does.</summary>
    public required DnsEnvironment DnsEnvironment { get; init; }

    /// <summary>The last questions to all sessions.</summary>
    public required DnsQueryLog DnsQueries { get; init; }
    public required ClusterAccessFactory OpenCluster { get; init; }

    /// <summary>Mounts the volumes of engagements.</summary>
    public required IVolumeMounter Volumes { get; init; }

    /// <summary>
    /// config.yml of the user and the system and TELEPRESENCE_MANAGER_NAMESPACE, merged. Empty until
    /// <see cref="WithConfiguration"/> read them.
    /// </summary>
    public ClientConfiguration LocalConfiguration { get; init; } = ClientConfiguration.Empty;

    /// <summary>user@host, as the traffic-manager shows the client.</summary>
    public required string ClientName { get; init; }

    /// <summary>Stable id of this installation.</summary>
    public required string InstallId { get; init; }

    public required ILoggerFactory Loggers { get; init; }
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>These services with the configuration of this moment: what was changed counts from the next connect on.</summary>
    /// <param name="selection">Its environment says where the files are; without one the engine's does.</param>
    /// <exception cref="InvalidConfigurationException">A file cannot be used.</exception>
    public SessionServices WithConfiguration(ClusterSelection? selection)
    {
        var environment = EnvironmentOf(selection);
        return this with
        {
            LocalConfiguration = EnvironmentConfiguration
                .ManagerNamespace(environment)
                .Over(ConfigurationFiles.Read(environment)),
        };
    }

    /// <summary>The user's environment, else the engine's.</summary>
    public static Func<string, string?> EnvironmentOf(ClusterSelection? selection) =>
        selection?.Environment is { } given
            ? name => given.GetValueOrDefault(name)
            : Environment.GetEnvironmentVariable;
}
