using System.Net;
using Telepresence.Kubernetes;
using Telepresence.TrafficManager.Discovery;
using Telepresence.TrafficManager.Monitoring;

namespace Telepresence.TrafficManager.Pod;

/// <summary>
/// The traffic-manager of a process: in a pod it learns the cluster from the API server before it listens; without a service
/// account the environment is all it knows.
/// </summary>
internal sealed class ManagerPod : IAsyncDisposable
{
    private MonitoringServer? _monitoring;
    private PrometheusExposition? _exposition;
    private KubernetesClient? _client;
    private KubernetesClusterState? _state;
    private KubernetesWorkloads? _workloads;

    private ManagerPod() { }

    /// <summary>What clients talk to.</summary>
    public TrafficManagerServer Server { get; private set; } = null!;

    /// <param name="environment">The pod's.</param>
    /// <param name="cluster">How to reach the API server; null: this is no pod.</param>
    /// <param name="cancellationToken">Ends the wait for an API server that does not answer.</param>
    /// <exception cref="IOException">A port is in use.</exception>
    public static async Task<ManagerPod> StartAsync(
        PodEnvironment environment,
        KubernetesClientConfiguration? cluster,
        CancellationToken cancellationToken
    )
    {
        var pod = new ManagerPod();
        try
        {
            await pod.StartPartsAsync(environment, cluster, cancellationToken).ConfigureAwait(false);
            return pod;
        }
        catch
        {
            await pod.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Not ready before the first call ends, so that nobody new is sent here.
        _monitoring?.SetReady(null);
        await EndAsync(Server).ConfigureAwait(false);
        await EndAsync(_workloads).ConfigureAwait(false);
        await EndAsync(_state).ConfigureAwait(false);
        _client?.Dispose();
        _exposition?.Dispose();
        await EndAsync(_monitoring).ConfigureAwait(false);
    }

    private static ValueTask EndAsync(IAsyncDisposable? part) => part?.DisposeAsync() ?? default;

    private async Task StartPartsAsync(
        PodEnvironment environment,
        KubernetesClientConfiguration? cluster,
        CancellationToken cancellationToken
    )
    {
        var options = environment.Options;
        if (environment.MonitoringPort > 0)
            // First: the kubelet asks for signs of life also while the API server is waited for.
            _monitoring = await MonitoringServer
                .StartAsync(
                    new IPEndPoint(options.Listen.Address, environment.MonitoringPort),
                    options.LoggerFactory,
                    cancellationToken
                )
                .ConfigureAwait(false);
        if (cluster is not null)
        {
            _client = new KubernetesClient(cluster);
            _state = await KubernetesClusterState
                .StartAsync(_client, environment.Discovery, cancellationToken)
                .ConfigureAwait(false);
            _workloads = new KubernetesWorkloads(_client, environment.Discovery, _state.Scope);
            options = options with { State = _state, Workloads = _workloads };
        }
        Server = await TrafficManagerServer.StartAsync(options, cancellationToken).ConfigureAwait(false);
        _exposition = new PrometheusExposition(Server.Metrics.Meter);
        _monitoring?.SetReady(_exposition);
    }
}
