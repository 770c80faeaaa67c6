using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Telepresence.Sandbox.Api;
using Telepresence.Sandbox.Cluster;
using Telepresence.Sandbox.ClusterDns;
using Telepresence.Sandbox.Network;
using Telepresence.Sandbox.PortForward;
using Telepresence.Sandbox.Workloads;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox;

/// <summary>An embedded cluster: a Kubernetes API, a traffic-manager, cluster DNS and sample workloads, all on loopback.</summary>
public sealed class SandboxCluster : IAsyncDisposable
{
    /// <summary>Namespace of the sample workloads.</summary>
    public const string DemoNamespace = "demo";

    /// <summary>Namespace of the workloads with traffic-agents.</summary>
    public const string MeshNamespace = "mesh";

    /// <summary>
    /// The loopback address that <c>mesh.demo.svc.cluster.local</c> has, as names of a service mesh may: only the pod of the
    /// Deployment <c>echo-a</c> answers there.
    /// </summary>
    public static readonly IPAddress MeshAddress = IPAddress.Parse("127.64.0.1");

    private const string KubeconfigName = "kubeconfig";
    private const string ExportName = "volumes";
    private readonly SandboxOptions _options;
    private readonly Stack<object> _owned = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ResourceStore _store;
    private readonly ClusterNetwork _network = new();
    private readonly ClusterModel _model;
    private readonly SandboxClusterState _state;
    private readonly AgentToken _agentToken = new();
    private readonly SandboxAgents _agents;

    private SandboxCluster(SandboxOptions options)
    {
        _options = options;
        _store = new ResourceStore(options.TimeProvider);
        _model = new ClusterModel(options, _store, _network);
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        PageToken = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        Dns = new ClusterDnsZone(() => _model.Topology, SampleWorkloads.DnsSamples);
        _state = new SandboxClusterState(
            new ClusterFacts
            {
                InstallId = Guid.NewGuid().ToString(),
                ManagerNamespace = options.ManagerNamespace,
                ServiceSubnets = options.ServiceSubnets,
                PodSubnets = options.PodSubnets,
                DnsAddress = _model.DnsAddresses[0],
                ManagerPodAddress = IPAddress.None,
                ClientConfiguration = options.ClientConfiguration,
            }
        );
        _agents = new SandboxAgents(
            _model,
            _network,
            _state,
            Dns,
            options.Emulate,
            _agentToken,
            () => Path.Combine(StateDirectory, ExportName),
            options.TimeProvider
        );
    }

    /// <summary>The kubeconfig file; its one context is the current one.</summary>
    public string KubeconfigPath { get; private set; } = "";

    /// <summary>Directory of the sandbox's files.</summary>
    public string StateDirectory { get; private set; } = "";

    /// <summary>The API server as the kubeconfig names it.</summary>
    public Uri ApiServer { get; private set; } = new("https://127.0.0.1");

    /// <summary>The bearer token the API server accepts.</summary>
    public string Token { get; }

    /// <summary>The random word in the page of the service <c>web</c>.</summary>
    public string PageToken { get; }

    /// <summary>Loopback end point of the manager's gRPC server, for a client without port-forward; null without a manager.</summary>
    public IPEndPoint? ManagerEndPoint { get; private set; }

    /// <summary>Service CIDRs.</summary>
    public IReadOnlyList<IPNetwork> ServiceSubnets => _options.ServiceSubnets;

    /// <summary>Pod CIDRs.</summary>
    public IReadOnlyList<IPNetwork> PodSubnets => _options.PodSubnets;

    /// <summary>Reaches the cluster's addresses; refuses all others without a socket.</summary>
    public IClusterDialer Dialer => _network;

    /// <summary>Cluster DNS.</summary>
    public IClusterDns Dns { get; }

    /// <summary>What the manager announces.</summary>
    public IClusterState State => _state;

    /// <summary>Starts a cluster; it lives until disposed.</summary>
    /// <exception cref="SandboxException">The options cannot be served.</exception>
    public static async Task<SandboxCluster> StartAsync(
        SandboxOptions options,
        CancellationToken cancellationToken = default
    )
    {
        SubnetRules.Check(options);
        var sandbox = new SandboxCluster(options);
        try
        {
            await sandbox.StartAsync(cancellationToken).ConfigureAwait(false);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A Service's cluster address.</summary>
    /// <param name="name">Service name.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="family">Which family's.</param>
    /// <exception cref="SandboxException">No such service, or it has no such address.</exception>
    public IPAddress ServiceAddress(
        string name,
        string ns = DemoNamespace,
        AddressFamily family = AddressFamily.InterNetwork
    ) =>
        _model.Topology.FindService(ns, name)?.Addresses.FirstOrDefault(a => a.AddressFamily == family)
        ?? throw NotFound(name, ns);

    /// <summary>Addresses of the pods behind a Service, both families.</summary>
    /// <param name="name">Service name.</param>
    /// <param name="ns">Its namespace.</param>
    /// <exception cref="SandboxException">No such service.</exception>
    public IReadOnlyList<IPAddress> PodAddresses(string name, string ns = DemoNamespace) =>
        _model.Topology.FindService(ns, name) is { } service
            ? [.. _model.Topology.PodsOf(service).SelectMany(p => p.Addresses)]
            : throw NotFound(name, ns);

    /// <summary>Every service with an address: <c>namespace/name</c>, and its addresses.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> Services =>
        _model
            .Topology.Services.Where(s => s.Addresses.Count > 0)
            .ToDictionary(s => $"{s.Namespace}/{s.Name}", s => s.Addresses);

    /// <summary>Reaches the cluster's addresses as a pod does: a caller of services inside the cluster.</summary>
    /// <param name="name">A workload's; its first pod.</param>
    /// <param name="ns">Its namespace.</param>
    /// <exception cref="SandboxException">No such workload.</exception>
    public IClusterDialer DialerOf(string name, string ns = DemoNamespace) =>
        _model.Topology.Pods.FirstOrDefault(p => p.Namespace == ns && p.Workload.Name == name) is { } pod
            ? _network.From(pod.Addresses[0])
            : throw NotFound(name, ns);

    /// <summary>
    /// A caller inside the cluster: resolves names by cluster DNS, as <c>http://web.demo/</c> or an address, and dials as the pod
    /// of a workload does. Every request opens a connection of its own.
    /// </summary>
    /// <param name="name">A workload's; its first pod.</param>
    /// <param name="ns">Its namespace.</param>
    /// <exception cref="SandboxException">No such workload.</exception>
    public HttpClient CreateCaller(string name = EngagedWorkloads.Caller, string ns = DemoNamespace) =>
        InsideCaller.Create(DialerOf(name, ns), Dns, ns);

    /// <summary>The directory that a container has as a volume.</summary>
    /// <param name="path">Where the container has it.</param>
    /// <param name="name">A workload's.</param>
    /// <param name="ns">Its namespace.</param>
    public string VolumeDirectory(string path, string name = EngagedWorkloads.Orders, string ns = DemoNamespace) =>
        Path.Combine(StateDirectory, ExportName, ns, name, path.TrimStart('/'));

    /// <summary>Lets a Service refuse new connections, as when its pods have stopped to listen.</summary>
    /// <param name="name">Service name.</param>
    /// <param name="ns">Its namespace.</param>
    /// <exception cref="SandboxException">No such service.</exception>
    public void StopService(string name, string ns = DemoNamespace) =>
        _model.Stop(_model.Topology.FindService(ns, name) ?? throw NotFound(name, ns));

    /// <summary>Changes what the manager announces, as a cluster whose subnets or settings change.</summary>
    /// <param name="change">From the present facts to the new ones.</param>
    public void ChangeFacts(Func<ClusterFacts, ClusterFacts> change) => _state.Change(change);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        while (_owned.TryPop(out var owned))
        {
            if (owned is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                ((IDisposable)owned).Dispose();
            }
        }
        _stopping.Dispose();
        if (_options.StateDirectory is null && Directory.Exists(StateDirectory))
        {
            Directory.Delete(StateDirectory, recursive: true);
        }
        else if (File.Exists(KubeconfigPath))
        {
            File.Delete(KubeconfigPath);
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        StateDirectory = _options.StateDirectory is { } chosen
            ? Directory.CreateDirectory(chosen).FullName
            : Directory.CreateTempSubdirectory("telepresence-sandbox-").FullName;
        foreach (
            var ns in new[]
            {
                "default",
                "kube-system",
                _options.ManagerNamespace,
                DemoNamespace,
                "other",
                MeshNamespace,
            }.Distinct()
        )
        {
            _model.AddNamespace(ns);
        }
        _state.Change(f =>
            f with
            {
                InstallId = (string)
                    _store.Get(ResourceType.Namespace, "", _options.ManagerNamespace)!["metadata"]!["uid"]!,
            }
        );
        var authority = Own(new CertificateAuthority(_options.TimeProvider));
        await StartApiServerAsync(authority, cancellationToken).ConfigureAwait(false);
        WriteKubeconfig(authority);
        var whoAmI = await SampleWorkloads
            .AddAsync(_model, _network, PageToken, o => Own(o), cancellationToken)
            .ConfigureAwait(false);
        Own(await EngagedWorkloads.AddAsync(_model, _network, StateDirectory, cancellationToken).ConfigureAwait(false));
        await StartManagerAsync(cancellationToken).ConfigureAwait(false);
        await StartMeshAsync(whoAmI, cancellationToken).ConfigureAwait(false);
    }

    private async Task StartApiServerAsync(CertificateAuthority authority, CancellationToken cancellationToken)
    {
        IPEndPoint endPoint;
        switch (_options.ApiServerFault)
        {
            case ApiServerFault.Refused:
                endPoint = Own(new ClosedPort()).EndPoint;
                break;
            case ApiServerFault.Silent:
                endPoint = Own(await SilentPort.StartAsync(cancellationToken).ConfigureAwait(false)).EndPoint;
                break;
            default:
                var handler = new ApiHandler(
                    _store,
                    new ApiAuthentication(authority, Token),
                    _options.PortForward,
                    FindPod,
                    new ConfigMapWriter(_store, _options.ConfigMaps, FollowConfigMap),
                    _options.TimeProvider,
                    _stopping.Token
                );
                var certificate = Own(
                    authority.IssueServer(
                        ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
                        [
                            IPAddress.Loopback,
                            IPAddress.IPv6Loopback,
                            _options.Listen.Address,
                            .. _model.ApiServerAddresses,
                        ],
                        _options.ApiServerFault == ApiServerFault.ExpiredCertificate
                    )
                );
                var server = await Api
                    .ApiServer.StartAsync(_options.Listen, certificate, handler.HandleAsync, cancellationToken)
                    .ConfigureAwait(false);
                endPoint = Own(server).EndPoint;
                break;
        }
        if (endPoint.Address.Equals(IPAddress.Any))
        {
            endPoint.Address = IPAddress.Loopback;
        }
        else if (endPoint.Address.Equals(IPAddress.IPv6Any))
        {
            endPoint.Address = IPAddress.IPv6Loopback;
        }
        ApiServer = new Uri($"https://{endPoint}");
        var port = new ServicePort("https", ProtocolType.Tcp, 443, 6443);
        _model.AddService(
            new ServiceSpec(
                "default",
                "kubernetes",
                _model.ApiServerAddresses,
                new Dictionary<string, string>(),
                [port]
            ),
            new Dictionary<ServicePort, IPEndPoint> { [port] = endPoint }
        );
    }

    private void WriteKubeconfig(CertificateAuthority authority)
    {
        KubeconfigPath = Path.Combine(StateDirectory, KubeconfigName);
        if (_options.Credential == SandboxCredential.Token)
        {
            Kubeconfig.Write(KubeconfigPath, ApiServer, authority.Pem, Token);
            return;
        }
        using var client = authority.IssueClient(ApiAuthentication.TokenUser, ApiAuthentication.Group);
        Kubeconfig.Write(KubeconfigPath, ApiServer, authority.Pem, client);
    }

    private async Task StartMeshAsync(
        IReadOnlyDictionary<ServicePort, IPEndPoint> whoAmI,
        CancellationToken cancellationToken
    )
    {
        var pods = MeshWorkloads.Add(_model, o => Own(o));
        foreach (var (port, listener) in whoAmI)
        {
            _network.From(pods[0].Addresses[0]).MapLoopback(MeshAddress, port.Port, port.Protocol, listener);
        }
        Own(_agents);
        await _agents.RunContainersAsync().ConfigureAwait(false);
        if (_options.Manager != SandboxManager.TrafficManager)
        {
            return;
        }
        foreach (var pod in pods)
        {
            await _agents.EnsureArrivedAsync(pod.Workload, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StartManagerAsync(CancellationToken cancellationToken)
    {
        if (_options.Manager == SandboxManager.None)
        {
            return;
        }
        _store.Put(
            ResourceType.ConfigMap,
            ClientConfigMap.Create(_options.ManagerNamespace, _options.ClientConfiguration)
        );
        var port = new ServicePort(
            "api",
            ProtocolType.Tcp,
            _state.Current.ManagerPodPort,
            _state.Current.ManagerPodPort
        );
        var addresses = _model.NextPodAddresses();
        var listener = await ManagerListenerAsync(addresses[0], cancellationToken).ConfigureAwait(false);
        var labels = new Dictionary<string, string> { ["app"] = "traffic-manager", ["telepresence"] = "manager" };
        var workload = new WorkloadSpec(
            WorkloadKind.Deployment,
            _options.ManagerNamespace,
            "traffic-manager",
            "",
            "sandbox/traffic-manager",
            labels
        );
        _model.AddWorkload(workload, [new Dictionary<ServicePort, IPEndPoint> { [port] = listener }], addresses);
        _model.AddService(new ServiceSpec(_options.ManagerNamespace, "traffic-manager", [], labels, [port]));
        _state.Change(f => f with { ManagerPodAddress = addresses[0] });
        ManagerEndPoint = listener;
    }

    private async Task<IPEndPoint> ManagerListenerAsync(IPAddress podAddress, CancellationToken cancellationToken)
    {
        if (_options.Manager == SandboxManager.PlainHttp)
        {
            var web = await WebWorkload
                .StartAsync("not-a-manager", 1, _network.PeerOf, cancellationToken)
                .ConfigureAwait(false);
            return Own(web).EndPoints[0];
        }
        var options = new TrafficManagerOptions
        {
            Dialer = _network.From(podAddress),
            Dns = Dns,
            State = State,
            Workloads = _agents,
            Injection = _agents,
            AgentImage = SandboxAgents.Image,
            Authentication =
                _options.ManagerTokens == ManagerTokens.Ignored
                    ? null
                    : new ManagerAuthentication(
                        (token, _) => new(token == Token || token == _agentToken.Value),
                        _options.ManagerTokens == ManagerTokens.Enforcing
                    ),
            EmptyDialReject = _options.EmptyDialReject,
            TimeProvider = _options.TimeProvider,
        };
        if (_options.Emulate is { } release)
        {
            options = options.Emulating(release);
        }
        if (_options.ManagerVersion is { } version)
        {
            options = options with { Version = version };
        }
        var manager = await TrafficManagerServer.StartAsync(options, cancellationToken).ConfigureAwait(false);
        return Own(manager).EndPoint;
    }

    private void FollowConfigMap(JsonObject configMap)
    {
        if (ClientConfigMap.ClientYaml(configMap, _options.ManagerNamespace) is { } yaml)
        {
            _state.Change(f => f with { ClientConfiguration = yaml });
        }
    }

    private PortForwardTarget? FindPod(string ns, string name) =>
        _model.Topology.FindPod(ns, name) is { } pod
            ? new PortForwardTarget(
                name,
                (port, cancellationToken) =>
                    _network.DialTcpAsync(new IPEndPoint(pod.Addresses[0], port), cancellationToken)
            )
            : null;

    private T Own<T>(T owned)
        where T : notnull
    {
        _owned.Push(owned);
        return owned;
    }

    private static SandboxException NotFound(string name, string ns) =>
        new(
            SandboxErrorId.ServiceNotFound,
            $"The sandbox has no service {name} with such an address in namespace {ns}. Services lists what there is."
        );
}
