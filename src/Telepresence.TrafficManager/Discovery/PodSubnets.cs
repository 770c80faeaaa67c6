using System.Net;
using Telepresence.Kubernetes;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>The subnets of pods, followed by one of the strategies.</summary>
internal sealed class PodSubnets : IAsyncDisposable
{
    private readonly Func<IReadOnlyList<IPNetwork>> _current;
    private readonly IAsyncDisposable? _followed;

    private PodSubnets(PodSubnetStrategy strategy, Func<IReadOnlyList<IPNetwork>> current, IAsyncDisposable? followed)
    {
        Strategy = strategy;
        _current = current;
        _followed = followed;
    }

    /// <summary>The one that is used; not <see cref="PodSubnetStrategy.Auto"/>.</summary>
    public PodSubnetStrategy Strategy { get; }

    /// <summary>Sorted.</summary>
    public IReadOnlyList<IPNetwork> Current => _current();

    /// <param name="client">To the API server.</param>
    /// <param name="options">Which strategy, and what it needs.</param>
    /// <param name="namespaces">The only ones that may be read; null: all may be.</param>
    /// <param name="changed">Called after <see cref="Current"/> changed.</param>
    /// <param name="cancellationToken">Ends the wait for an API server that does not answer.</param>
    public static async Task<PodSubnets> FindAsync(
        KubernetesClient client,
        DiscoveryOptions options,
        IReadOnlyList<string>? namespaces,
        Action changed,
        CancellationToken cancellationToken
    )
    {
        var known = options.Known;
        if (options.Strategy == PodSubnetStrategy.Environment)
            return new PodSubnets(options.Strategy, () => known.PodSubnets, null);
        var isAuto = options.Strategy == PodSubnetStrategy.Auto;
        if (options.Strategy == PodSubnetStrategy.NodePodCIDRs || isAuto && namespaces is null)
        {
            var nodes = await FollowedObjects<V1Node, string>
                .StartAsync(client, [ClusterKinds.Nodes], changed, options, cancellationToken)
                .ConfigureAwait(false);
            if (!isAuto || NodeSubnets.AreUsed(Of(nodes), known.ManagerPodAddress))
                return new PodSubnets(PodSubnetStrategy.NodePodCIDRs, () => Of(nodes), nodes);
            await nodes.DisposeAsync().ConfigureAwait(false);
        }
        var pods = await FollowPodsAsync(client, options, namespaces, changed, cancellationToken).ConfigureAwait(false);
        return new PodSubnets(
            PodSubnetStrategy.CoverPodIPs,
            // The manager's own pod stands for the others where none may be read.
            () => CoveringSubnets.Of(Addresses(pods).Append(known.ManagerPodAddress)),
            pods
        );
    }

    public ValueTask DisposeAsync() => _followed?.DisposeAsync() ?? default;

    private static async Task<FollowedObjects<V1Pod, (IPAddress? IPv4, IPAddress? IPv6)>> FollowPodsAsync(
        KubernetesClient client,
        DiscoveryOptions options,
        IReadOnlyList<string>? namespaces,
        Action changed,
        CancellationToken cancellationToken
    )
    {
        var pods = await FollowAsync(namespaces).ConfigureAwait(false);
        if (pods.Outcome != FollowOutcome.Forbidden || namespaces is not null)
            return pods;
        await pods.DisposeAsync().ConfigureAwait(false);
        return await FollowAsync([options.Known.ManagerNamespace]).ConfigureAwait(false);

        Task<FollowedObjects<V1Pod, (IPAddress? IPv4, IPAddress? IPv6)>> FollowAsync(IReadOnlyList<string>? only) =>
            FollowedObjects<V1Pod, (IPAddress? IPv4, IPAddress? IPv6)>.StartAsync(
                client,
                only is null ? [ClusterKinds.Pods(null)] : [.. only.Select(ClusterKinds.Pods)],
                changed,
                options,
                cancellationToken
            );
    }

    private static IReadOnlyList<IPNetwork> Of(FollowedObjects<V1Node, string> nodes) =>
        NodeSubnets.Of(nodes.Current.SelectMany(cidrs => cidrs.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    private static IEnumerable<IPAddress> Addresses(FollowedObjects<V1Pod, (IPAddress? IPv4, IPAddress? IPv6)> pods) =>
        pods.Current.SelectMany(pod => new[] { pod.IPv4, pod.IPv6 }).OfType<IPAddress>();
}
