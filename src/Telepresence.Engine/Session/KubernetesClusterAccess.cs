using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Client.Sessions;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session;

/// <summary>A cluster reached through its API server, as the kubeconfig says.</summary>
internal sealed class KubernetesClusterAccess : IClusterAccess
{
    private readonly KubernetesClient _client;
    private readonly PortForward _portForward;
    private readonly ManagerLocator _locator;
    private readonly TimeSpan _managerTimeout;

    private KubernetesClusterAccess(
        KubernetesClient client,
        PortForward portForward,
        string managerNamespace,
        TimeSpan managerTimeout,
        ClientConfiguration configuration
    )
    {
        _client = client;
        _portForward = portForward;
        _locator = new ManagerLocator(client, portForward);
        _managerTimeout = managerTimeout;
        ManagerNamespace = managerNamespace;
        Configuration = configuration;
    }

    public string Context => _client.Configuration.Context ?? "";
    public string Server => _client.Configuration.Server.ToString().TrimEnd('/');
    public string DefaultNamespace => _client.Configuration.Namespace;
    public string ManagerNamespace { get; }
    public ClientConfiguration Configuration { get; }
    public IBearerTokens? Tokens => new KubernetesBearerTokens(_client);
    public ClusterConfigMap? ConfigMap => new(_client, ManagerNamespace);

    /// <summary>Reads the kubeconfig; does not talk to the cluster yet.</summary>
    /// <param name="configuration">The local layers.</param>
    /// <param name="callTimeout">Bound of a call where the kubeconfig's extension sets none.</param>
    /// <exception cref="InvalidConfigurationException">The kubeconfig's extension cannot be used.</exception>
    /// <exception cref="KubernetesException">The kubeconfig or its credentials cannot be used.</exception>
    public static KubernetesClusterAccess Open(
        ClusterSelection selection,
        string? managerNamespace,
        ClientConfiguration configuration,
        TimeSpan callTimeout
    )
    {
        var environment = SessionServices.EnvironmentOf(selection);
        var options = ToOptions(selection, environment);
        var kubeconfig = KubernetesClientConfiguration.BuildConfig(options);
        var own = EnvironmentConfiguration.Overrides(environment).Over(KubeconfigExtension.Read(kubeconfig.Cluster));
        var merged = own.Over(configuration);
        var client = new KubernetesClient(
            kubeconfig,
            new KubernetesClientOptions { Timeout = merged.ClusterConnect ?? callTimeout }
        );
        var chosen = ManagerLocator.ChooseNamespace(
            managerNamespace,
            kubeconfig.Cluster,
            environment,
            configuration.DefaultManagerNamespace
        );
        return new KubernetesClusterAccess(
            client,
            new PortForward(client, merged.ForceSpdy is true),
            chosen,
            merged.TrafficManagerConnect ?? TimeSpan.FromSeconds(60),
            own
        );
    }

    /// <summary>What a <see cref="ClusterSelection"/> means to the kubeconfig reader.</summary>
    public static KubeconfigOptions ToOptions(ClusterSelection selection) =>
        ToOptions(selection, SessionServices.EnvironmentOf(selection));

    private static KubeconfigOptions ToOptions(ClusterSelection selection, Func<string, string?> environment)
    {
        // A list of files merges (kubectl's KUBECONFIG), and where the user chose none there may be none; a single one that
        // was chosen is used alone and must exist.
        var isList =
            selection.Kubeconfig?.Contains(Path.PathSeparator, StringComparison.Ordinal) == true
            || selection.Kubeconfig == DefaultKubeconfig(selection);
        return new KubeconfigOptions
        {
            Kubeconfig = isList ? null : selection.Kubeconfig,
            Context = selection.Context,
            Cluster = selection.Cluster,
            User = selection.User,
            Server = selection.Server,
            Token = selection.Token,
            TlsServerName = selection.TlsServerName,
            SkipCertificateCheck = selection.SkipCertificateCheck,
            As = selection.As,
            AsGroup = selection.AsGroup,
            Environment = name => isList && name == "KUBECONFIG" ? selection.Kubeconfig : environment(name),
            Variables = selection.Environment,
            WorkingDirectory = selection.WorkingDirectory,
        };
    }

    /// <summary>What the client fills in where the user said nothing.</summary>
    private static string? DefaultKubeconfig(ClusterSelection selection) =>
        selection is { Environment: { } environment, WorkingDirectory: { } directory }
            ? UserContext.Complete(new ClusterSelection(), directory, environment).Kubeconfig
            : null;

    public async Task<IReadOnlyList<IPAddress>> GetServerAddressesAsync(CancellationToken cancellationToken)
    {
        var host = (_client.Configuration.Proxy?.Address ?? _client.Configuration.Server).IdnHost;
        if (IPAddress.TryParse(host, out var literal))
            return IPAddress.IsLoopback(literal) ? [] : [literal];
        try
        {
            var addresses = await System.Net.Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
            return [.. addresses.Where(a => !IPAddress.IsLoopback(a))];
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw KubernetesFailure.Unreachable(_client.Configuration, $"'{host}' has no address ({e.Message})", e);
        }
    }

    public async Task<IReadOnlyList<string>?> GetNamespacesAsync(CancellationToken cancellationToken)
    {
        try
        {
            var namespaces = await _client.ListNamespaceAsync(cancellationToken).ConfigureAwait(false);
            return [.. namespaces.Items.Select(n => n.Metadata.Name).OfType<string>()];
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return null;
        }
    }

    public async Task FollowNamespacesAsync(
        Func<IReadOnlyList<string>, CancellationToken, Task> changed,
        CancellationToken cancellationToken
    )
    {
        var right = new V1ResourceAttributes { Verb = "watch", Resource = "namespaces" };
        if (await MayAsync(right, cancellationToken).ConfigureAwait(false))
            await NamespaceFollower.RunAsync(_client, changed, cancellationToken).ConfigureAwait(false);
    }

    public ObjectFollower FollowObjects(TimeProvider time, Random random) => new(_client, time, random);

    public Task<IReadOnlyList<TelepresenceWorkload>> GetWorkloadsAsync(
        string namespaceParameter,
        CancellationToken cancellationToken
    ) => WorkloadObjects.ListAsync(_client, namespaceParameter, cancellationToken);

    public Task<IReadOnlyList<string>> GetWorkloadPortsAsync(
        string podNamespace,
        string workload,
        CancellationToken cancellationToken
    ) => WorkloadPorts.ListAsync(_client, podNamespace, workload, cancellationToken);

    public async Task<Stream> OpenManagerStreamAsync(
        IProgress<ConnectStep>? progress,
        CancellationToken cancellationToken
    )
    {
        progress?.Report(
            new ConnectStep(
                ConnectStage.FindManager,
                $"looking for the traffic-manager in namespace {ManagerNamespace} of {Server}"
            )
        );
        return await _locator.ConnectAsync(ManagerNamespace, _managerTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// <c>create</c> suffices: it is what SPDY needs, which every other transport falls back to. Where a WebSocket reached the
    /// manager and <c>create</c> is missing, <c>get</c> does until Kubernetes 1.35 (PROTOCOL §1.3).
    /// </summary>
    public async Task RequirePodStreamsAsync(string podNamespace, CancellationToken cancellationToken)
    {
        if (await MayForwardAsync("create", podNamespace, cancellationToken).ConfigureAwait(false))
            return;
        if (
            _portForward.Proven is PortForwardTransport.WebSocketChannels or PortForwardTransport.WebSocketTunnel
            && await MayForwardAsync("get", podNamespace, cancellationToken).ConfigureAwait(false)
        )
            return;
        throw AgentErrors.LinksUnavailable(
            podNamespace,
            $"the user '{_client.Configuration.User.Name}' lacks the verb 'create' on pods/portforward there, ask the cluster's administrator for it"
        );
    }

    public async Task<Stream> OpenPodStreamAsync(
        string podNamespace,
        string pod,
        int port,
        CancellationToken cancellationToken
    ) => await _portForward.ConnectAsync(podNamespace, pod, port, cancellationToken).ConfigureAwait(false);

    public void Dispose() => _client.Dispose();

    private Task<bool> MayForwardAsync(string verb, string podNamespace, CancellationToken cancellationToken) =>
        MayAsync(
            new V1ResourceAttributes
            {
                NamespaceProperty = podNamespace,
                Verb = verb,
                Resource = "pods",
                Subresource = "portforward",
            },
            cancellationToken
        );

    private async Task<bool> MayAsync(V1ResourceAttributes right, CancellationToken cancellationToken)
    {
        var review = await _client
            .CreateSelfSubjectAccessReviewAsync(
                new V1SelfSubjectAccessReview
                {
                    Spec = new V1SelfSubjectAccessReviewSpec { ResourceAttributes = right },
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return review.Status?.Allowed == true;
    }
}
