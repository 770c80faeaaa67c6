using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Manager;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Looks at the layers of configuration, alone and merged.</summary>
internal sealed class ConfigurationQueries(SessionServices services, SessionRegistry registry)
{
    private const string Command = "Get-TelepresenceConfiguration";

    /// <exception cref="TelepresenceException">SessionNotFound, Timeout, and what reading and connecting meets.</exception>
    /// <exception cref="InvalidConfigurationException">A source cannot be used.</exception>
    public async Task<ConfigurationResult> GetAsync(
        ConfigurationParameters parameters,
        CancellationToken cancellationToken
    )
    {
        if (parameters.Session is { } name && parameters.Scope != ConfigurationScope.Client)
        {
            var session = registry.Find(name)[0];
            return ConfigurationViews.Result(
                parameters.Scope == ConfigurationScope.Cluster
                    ? ManagerOptions.ClusterConfiguration(session.ClusterConfiguration)
                    : session.Configuration,
                parameters.Scope,
                session.Name
            );
        }
        var configuration =
            parameters.Scope == ConfigurationScope.Cluster
            || (parameters.AskCluster && parameters.Scope == ConfigurationScope.Effective)
                ? await WithClusterAsync(parameters, cancellationToken).ConfigureAwait(false)
                : Local(parameters);
        return ConfigurationViews.Result(configuration, parameters.Scope, parameters.Session ?? "");
    }

    /// <summary>What this machine says. A kubeconfig that cannot be used counts only where one was named.</summary>
    private ClientConfiguration Local(ConfigurationParameters parameters)
    {
        var current = services.WithConfiguration(parameters.Cluster);
        try
        {
            using var access = current.OpenCluster(Settings(parameters), current.LocalConfiguration);
            return access.Configuration.Over(current.LocalConfiguration);
        }
        catch (KubernetesException) when (!parameters.AskCluster)
        {
            return EnvironmentConfiguration
                .Overrides(SessionServices.EnvironmentOf(parameters.Cluster))
                .Over(current.LocalConfiguration);
        }
    }

    private Task<ClientConfiguration> WithClusterAsync(
        ConfigurationParameters parameters,
        CancellationToken cancellationToken
    )
    {
        var current = services.WithConfiguration(parameters.Cluster);
        var settings = Settings(parameters);
        return settings
            .DeadlineFor(Command, current)
            .RunAsync(
                null,
                null,
                async (steps, token) =>
                {
                    using var access = current.OpenCluster(settings, current.LocalConfiguration);
                    await using var link = new ClusterLink(
                        access,
                        ManagerOptions.Make(current, access.DefaultNamespace, access),
                        current.Loggers
                    );
                    var info = await link.ConnectAsync(steps, token).ConfigureAwait(false);
                    return parameters.Scope == ConfigurationScope.Cluster
                        ? ManagerOptions.ClusterConfiguration(link.Connection.ClientConfiguration)
                        : ParameterConfiguration.Over(
                            ManagerOptions.MergedConfiguration(current, access, link.Connection),
                            settings,
                            info
                        );
                },
                cancellationToken
            );
    }

    private static SessionSettings Settings(ConfigurationParameters parameters) =>
        SessionSettings.Parse(
            new ConnectParameters
            {
                Cluster = parameters.Cluster,
                ManagerNamespace = parameters.ManagerNamespace,
                TimeoutSeconds = parameters.TimeoutSeconds,
            }
        );
}
