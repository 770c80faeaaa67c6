using System.Net;
using Telepresence.Kubernetes;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>
/// The ranges of service addresses, in the order of PROTOCOL §7.1: the ServiceCIDR API, followed; else what a refused service
/// tells; else a guess around the address of a service.
/// </summary>
internal sealed class ServiceSubnets : IAsyncDisposable
{
    private static readonly string[] Versions = ["v1", "v1beta1"];

    private readonly FollowedObjects<V1ServiceCIDR, string>? _followed;
    private readonly IReadOnlyList<IPNetwork> _found;

    private ServiceSubnets(FollowedObjects<V1ServiceCIDR, string>? followed, IReadOnlyList<IPNetwork> found)
    {
        _followed = followed;
        _found = found;
    }

    /// <summary>Sorted.</summary>
    public IReadOnlyList<IPNetwork> Current => _followed is { } followed ? NodeSubnets.Of(Cidrs(followed)) : _found;

    /// <param name="client">To the API server.</param>
    /// <param name="options">Ranges that it knows stay.</param>
    /// <param name="service">Address of a service; null: there is none to guess by.</param>
    /// <param name="changed">Called after <see cref="Current"/> changed.</param>
    /// <param name="cancellationToken">Ends the wait for an API server that does not answer.</param>
    public static async Task<ServiceSubnets> FindAsync(
        KubernetesClient client,
        DiscoveryOptions options,
        IPAddress? service,
        Action changed,
        CancellationToken cancellationToken
    )
    {
        if (options.Known.ServiceSubnets.Count > 0)
            return new ServiceSubnets(null, options.Known.ServiceSubnets);
        foreach (var version in Versions)
        {
            var followed = await FollowedObjects<V1ServiceCIDR, string>
                .StartAsync(
                    client,
                    [ClusterKinds.ServiceRanges(version)],
                    changed,
                    options,
                    cancellationToken,
                    LogLevel.Information
                )
                .ConfigureAwait(false);
            if (followed.Outcome == FollowOutcome.Listed)
                return new ServiceSubnets(followed, []);
            await followed.DisposeAsync().ConfigureAwait(false);
            // Rights are looked at before versions: it would be the same with the next.
            if (followed.Outcome == FollowOutcome.Forbidden)
                break;
        }
        var probe = new ServiceSubnetProbe(client, options.Known.ManagerNamespace, options.Logger);
        var found = await probe.FindAsync(cancellationToken).ConfigureAwait(false);
        if (found.Count == 0 && service is not null)
            found = [ServiceRange.Around(service)];
        return new ServiceSubnets(null, found);
    }

    public ValueTask DisposeAsync() => _followed?.DisposeAsync() ?? default;

    private static IEnumerable<string> Cidrs(FollowedObjects<V1ServiceCIDR, string> followed) =>
        followed.Current.SelectMany(range => range.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
