using System.Text.Json.Nodes;
using Telepresence.Kubernetes;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Injection;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>The workloads of the cluster from its API, followed.</summary>
internal sealed class KubernetesWorkloads : IClusterWorkloads, IAsyncDisposable
{
    private readonly FollowedObjects<V1Workload, ClusterWorkload?>[] _kinds;
    private readonly KubernetesClient _client;

    /// <param name="client">To the API server.</param>
    /// <param name="options">Which kinds there are.</param>
    /// <param name="namespaces">The only ones that may be read; null: all may be.</param>
    public KubernetesWorkloads(KubernetesClient client, DiscoveryOptions options, IReadOnlyList<string>? namespaces)
    {
        _client = client;
        _kinds =
        [
            .. options
                .WorkloadKinds.Order()
                .Select(kind => new FollowedObjects<V1Workload, ClusterWorkload?>(
                    client,
                    namespaces is null
                        ? [ClusterKinds.Workloads(kind, null)]
                        : [.. namespaces.Select(ns => ClusterKinds.Workloads(kind, ns))],
                    () => Changed?.Invoke(),
                    options
                )),
        ];
    }

    /// <inheritdoc />
    public event Action? Changed;

    /// <inheritdoc />
    public ValueTask<ClusterWorkload?> FindAsync(string name, string ns, CancellationToken cancellationToken) =>
        new(All.FirstOrDefault(workload => workload.Name == name && workload.Namespace == ns));

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<ClusterWorkload>> ListAsync(string ns, CancellationToken cancellationToken) =>
        new([.. All.Where(workload => workload.Namespace == ns)]);

    /// <inheritdoc />
    public async ValueTask<WorkloadShape?> DescribeAsync(ClusterWorkload workload, CancellationToken cancellationToken)
    {
        var known = await new GenericClient(_client, ClusterKinds.ResourceOf(workload.Kind))
            .ReadAsync(workload.Namespace, workload.Name, cancellationToken)
            .ConfigureAwait(false);
        if (known?["spec"]?["template"] is not JsonObject template)
            return null;
        var services = await new GenericClient(_client, ClusterKinds.Service)
            .ListAsync(workload.Namespace, null, cancellationToken)
            .ConfigureAwait(false);
        return ShapeReader.Read(template, services);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var kind in _kinds)
            await kind.DisposeAsync().ConfigureAwait(false);
    }

    private IEnumerable<ClusterWorkload> All => _kinds.SelectMany(kind => kind.Current).OfType<ClusterWorkload>();
}
