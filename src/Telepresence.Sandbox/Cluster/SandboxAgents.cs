using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Sandbox.Network;
using Telepresence.TrafficManager.Agents;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.Sandbox.Cluster;

/// <summary>The sandbox's workloads as the traffic-manager asks for them, and the traffic-agents of their pods.</summary>
internal sealed class SandboxAgents(
    ClusterModel model,
    ClusterNetwork network,
    IClusterState state,
    IClusterDns dns,
    ManagerRelease? release,
    ICallCredentials? credentials,
    TimeProvider time
) : IClusterWorkloads, IAgentInjection, IAsyncDisposable
{
    /// <summary>The api port of every agent, in its pod.</summary>
    public const int ApiPort = 9900;

    /// <summary>The image that stands for the agents' own.</summary>
    public const string Image = "sandbox/traffic-agent";

    private readonly SemaphoreSlim _injecting = new(1, 1);
    private readonly Dictionary<string, TrafficAgentServer> _agents = [];

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public ValueTask<ClusterWorkload?> FindAsync(string name, string ns, CancellationToken cancellationToken) =>
        new(Workloads(ns).Where(w => w.Name == name).OrderBy(w => w.Kind).Select(Describe).FirstOrDefault());

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ClusterWorkload>> ListAsync(string ns, CancellationToken cancellationToken) =>
        new([.. Workloads(ns).Select(Describe)]);

    /// <inheritdoc/>
    public async ValueTask EnsureAsync(ClusterWorkload workload, CancellationToken cancellationToken)
    {
        await _injecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var pod in PodsOf(workload).Where(p => p.AgentPort is null).ToList())
            {
                await StartAsync(pod, cancellationToken).ConfigureAwait(false);
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
    public ValueTask<string?> GetConfigurationAsync(ClusterWorkload workload, CancellationToken cancellationToken) =>
        new(PodsOf(workload).Any(p => p.AgentPort is not null) ? Configuration(workload) : null);

    /// <summary>Gives a workload's pods their agents, and waits until all have arrived at the manager.</summary>
    public async Task EnsureArrivedAsync(WorkloadSpec workload, CancellationToken cancellationToken)
    {
        await EnsureAsync(Describe(workload), cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(_agents.Values.Select(a => a.Arrived)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents.Values)
        {
            await agent.DisposeAsync().ConfigureAwait(false);
        }
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
            Credentials = credentials,
            TimeProvider = time,
        };
        var agent = await TrafficAgentServer
            .StartAsync(release is null ? options : options.Emulating(release), cancellationToken)
            .ConfigureAwait(false);
        _agents.Add(pod.Uid, agent);
        model.AddAgent(pod, ApiPort, agent.EndPoint);
    }

    private string Configuration(ClusterWorkload workload) =>
        $"""
            agentName: {workload.Name}
            agentImage: {Image}
            namespace: {workload.Namespace}
            workloadName: {workload.Name}
            workloadKind: {workload.Kind}
            managerHost: traffic-manager.{state.Current.ManagerNamespace}
            managerPort: {state.Current.ManagerPodPort}
            apiPort: {ApiPort}
            containers: []

            """;

    private IEnumerable<PodSpec> PodsOf(ClusterWorkload workload) =>
        model.Topology.Workloads.Where(w => w.Uid == workload.Uid).SelectMany(model.Topology.PodsOf);

    private IEnumerable<WorkloadSpec> Workloads(string ns) => model.Topology.Workloads.Where(w => w.Namespace == ns);

    private static ClusterWorkload Describe(WorkloadSpec workload) =>
        new(workload.Kind, workload.Name, workload.Namespace, workload.Uid);
}
