using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>Cluster and namespace that something is installed in.</summary>
internal sealed class InstallationTarget : IDisposable
{
    private InstallationTarget(KubernetesClient client, string ns)
    {
        Client = client;
        Namespace = ns;
    }

    public KubernetesClient Client { get; }

    /// <summary>The traffic-manager's.</summary>
    public string Namespace { get; }

    /// <summary>Reads the kubeconfig; does not talk to the cluster yet.</summary>
    /// <exception cref="KubernetesException">The kubeconfig or its credentials cannot be used.</exception>
    public static InstallationTarget Open(InstallationParameters parameters, SessionServices services)
    {
        var local = services.WithConfiguration(parameters.Cluster).LocalConfiguration;
        var configuration = KubernetesClientConfiguration.BuildConfig(
            KubernetesClusterAccess.ToOptions(parameters.Cluster)
        );
        var ns = ManagerLocator.ChooseNamespace(
            parameters.ManagerNamespace,
            configuration.Cluster,
            SessionServices.EnvironmentOf(parameters.Cluster),
            local.DefaultManagerNamespace
        );
        KubernetesClientOptions options = new();
        return new InstallationTarget(
            new KubernetesClient(
                configuration,
                local.ClusterConnect is { } timeout ? options with { Timeout = timeout } : options
            ),
            ns
        );
    }

    /// <summary>Asks for all rights at once before anything is changed.</summary>
    /// <exception cref="TelepresenceException">InstallationForbidden, with the roles that are missing.</exception>
    public async Task RequireAsync(IEnumerable<AccessRule> rules, CancellationToken cancellationToken)
    {
        var missing = await AccessRule.MissingAsync(Client, rules, cancellationToken).ConfigureAwait(false);
        if (missing.Count > 0)
        {
            throw ErrorCatalogue.Error(
                ErrorId.InstallationForbidden,
                Namespace,
                ("user", Client.Configuration.User.Name),
                ("rules", AccessRule.ToYaml($"traffic-manager-installer-{Namespace}", missing)),
                ("namespace", Namespace)
            );
        }
    }

    public void Dispose() => Client.Dispose();
}
