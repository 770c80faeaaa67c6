using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Sandbox.Network;
using Telepresence.TrafficManager.Agents;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;
using Telepresence.TrafficManager.Injection;

namespace Telepresence.Sandbox.Cluster;

/// <summary>The sandbox's workloads as the traffic-manager asks for them, and the traffic-agents of their pods.</summary>
internal sealed class SandboxAgents(
    ClusterModel model,
    ClusterNetwork network,
    IClusterState state,
    IClusterDns dns,
    ManagerRelease? release,
    ICallCredentials? credentials,
    Func<string> exports,
    TimeProvider time
) : IClusterWorkloads, IAgentInjection, IAsyncDisposable
{
    /// <summary>The api port of every agent, in its pod.</summary>
    public const int ApiPort = 9900;

    /// <summary>The image that stands for the agents' own.</summary>
    public const string Image = "sandbox/traffic-agent";

    private readonly SemaphoreSlim _injecting = new(1, 1);
    private readonly Dictionary<string, TrafficAgentServer> _agents = [];
    private readonly ContainerRuns _runs = new();

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public ValueTask<ClusterWorkload?> FindAsync(string name, string ns, CancellationToken cancellationToken) =>
        new(Workloads(ns).Where(w => w.Name == name).OrderBy(w => w.Kind).Select(Describe).FirstOrDefault());

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ClusterWorkload>> ListAsync(string ns, CancellationToken cancellationToken) =>
        new([.. Workloads(ns).Select(Describe)]);

    /// <inheritdoc/>
    public async ValueTask EnsureAsync(
        ClusterWorkload workload,
        IReadOnlySet<string> replaced,
        CancellationToken cancellationToken
    )
    {
        await _injecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var pod in PodsOf(workload).Where(p => p.AgentPort is null).ToList())
            {
                await StartAsync(pod, cancellationToken).ConfigureAwait(false);
            }
            foreach (var spec in Workloads(workload.Namespace).Where(w => w.Uid == workload.Uid))
            {
                await _runs.SetAsync(spec, !replaced.Contains(spec.Name)).ConfigureAwait(false);
            }
        }
        finally
        {
            _injecting.Release();
        }
        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(ClusterWorkload workload, CancellationToken cancellationToken)
    {
        await _injecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var pod in PodsOf(workload).Where(p => p.AgentPort is not null).ToList())
            {
                foreach (var port in pod.Ports)
                {
                    model.Lead(pod, port, null);
                }
                model.RemoveAgent(pod);
                if (_agents.Remove(pod.Uid, out var agent))
                {
                    await agent.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _injecting.Release();
        }
        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public bool IsCurrent(ClusterWorkload workload, string podName) => true;

    /// <inheritdoc/>
    public async Task<string> FailureAsync(ClusterWorkload workload, CancellationToken cancellationToken)
    {
        // The sandbox's pods always start.
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        return "";
    }

    /// <inheritdoc/>
    public ValueTask<WorkloadShape?> DescribeAsync(ClusterWorkload workload, CancellationToken cancellationToken) =>
        new(Workloads(workload.Namespace).Where(w => w.Uid == workload.Uid).Select(Shape).FirstOrDefault());

    /// <summary>Starts what containers do by themselves.</summary>
    public async Task RunContainersAsync()
    {
        foreach (var workload in model.Topology.Workloads)
        {
            await _runs.SetAsync(workload, true).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<string?> GetConfigurationAsync(ClusterWorkload workload, CancellationToken cancellationToken) =>
        new(
            PodsOf(workload).FirstOrDefault(p => p.AgentPort is not null) is { } pod
                ? Configuration(pod.Workload)
                : null
        );

    /// <summary>Gives a workload's pods their agents, and waits until all have arrived at the manager.</summary>
    public async Task EnsureArrivedAsync(WorkloadSpec workload, CancellationToken cancellationToken)
    {
        await EnsureAsync(Describe(workload), new HashSet<string>(), cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(_agents.Values.Select(a => a.Arrived)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents.Values)
        {
            await agent.DisposeAsync().ConfigureAwait(false);
        }
        await _runs.DisposeAsync().ConfigureAwait(false);
        _injecting.Dispose();
    }

    private async Task StartAsync(PodSpec pod, CancellationToken cancellationToken)
    {
        var from = network.From(pod.Addresses[0]);
        var options = new TrafficAgentOptions
        {
            ConnectManager = async ct =>
            {
                var manager = new IPEndPoint(state.Current.ManagerPodAddress, state.Current.ManagerPodPort);
                var socket = await from.DialTcpAsync(manager, ct).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            },
            Dialer = from,
            Dns = dns,
            Workload = pod.Workload.Name,
            Kind = pod.Workload.Kind,
            Namespace = pod.Namespace,
            PodName = pod.Name,
            PodUid = pod.Uid,
            PodAddress = pod.Addresses[0],
            ApiPort = ApiPort,
            Containers = [Container(pod, from)],
            ExportDirectory = pod.Workload.Container is null ? null : exports(),
            PeerOf = network.PeerOf,
            Credentials = credentials,
            TimeProvider = time,
        };
        var agent = await TrafficAgentServer
            .StartAsync(release is null ? options : options.Emulating(release), cancellationToken)
            .ConfigureAwait(false);
        _agents.Add(pod.Uid, agent);
        model.AddAgent(pod, ApiPort, agent.EndPoint);
        foreach (var port in pod.Ports)
        {
            model.Lead(pod, port, agent.EndPointOf(port.TargetPort, port.Protocol));
        }
        if (agent.SftpEndPoint is { } sftp)
        {
            model.Open(pod, sftp.Port, sftp);
        }
    }

    private AgentContainer Container(PodSpec pod, PodNetwork from) =>
        new()
        {
            Name = pod.Workload.Name,
            Environment = pod.Workload.Container?.Environment ?? new Dictionary<string, string>(),
            Mounts = pod.Workload.Container?.Mounts ?? new Dictionary<string, int>(),
            MountPoint = Path.Combine(exports(), pod.Namespace, pod.Workload.Name),
            Ports =
            [
                .. pod.Ports.Select(port => new AgentPort(
                    port.TargetPort,
                    port.Protocol,
                    new IPEndPoint(IPAddress.Loopback, 0),
                    ct =>
                        _runs.IsRunning(pod.Workload)
                            ? from.ConnectAsync(model.AppOf(pod, port), port.Protocol, ct)
                            : throw new SocketException((int)SocketError.ConnectionRefused)
                )),
            ],
        };

    private WorkloadShape Shape(WorkloadSpec workload)
    {
        var pod = model.Topology.PodsOf(workload).First();
        var services = model.Topology.Services.Where(s => model.Topology.PodsOf(s).Contains(pod));
        return new WorkloadShape(
            [
                new ContainerShape(
                    workload.Name,
                    [.. pod.Ports.Select(p => new ContainerPortShape(p.Name, p.TargetPort, ProtocolName(p)))],
                    [.. workload.Container?.Mounts.Keys ?? []]
                ),
            ],
            [
                .. services.Select(s => new ServiceShape(
                    s.Name,
                    $"{s.Namespace}/{s.Name}",
                    s.Addresses,
                    [
                        .. s.Ports.Select(p => new ServicePortShape(
                            p.Name,
                            p.Port,
                            ProtocolName(p),
                            p.TargetPort.ToString(CultureInfo.InvariantCulture)
                        )),
                    ]
                )),
            ]
        );
    }

    private static string ProtocolName(ServicePort port) => port.Protocol == ProtocolType.Udp ? "UDP" : "TCP";

    private string Configuration(WorkloadSpec workload) =>
        SidecarYaml.Write(
            new SidecarConfiguration
            {
                AgentName = workload.Name,
                AgentImage = Image,
                Namespace = workload.Namespace,
                WorkloadName = workload.Name,
                WorkloadKind = workload.Kind.ToString(),
                ManagerHost = $"traffic-manager.{state.Current.ManagerNamespace}",
                ManagerPort = state.Current.ManagerPodPort,
                ApiPort = ApiPort,
                Containers = SidecarPlan.Containers(Shape(workload), _runs.Stopped(workload)),
            }
        );

    private IEnumerable<PodSpec> PodsOf(ClusterWorkload workload) =>
        model.Topology.Workloads.Where(w => w.Uid == workload.Uid).SelectMany(model.Topology.PodsOf);

    private IEnumerable<WorkloadSpec> Workloads(string ns) => model.Topology.Workloads.Where(w => w.Namespace == ns);

    private static ClusterWorkload Describe(WorkloadSpec workload) =>
        new(workload.Kind, workload.Name, workload.Namespace, workload.Uid);
}
