using Telepresence.Kubernetes;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>
/// The ConfigMap <c>traffic-manager</c> and the namespaces that its selector, or the environment, makes the manager's.
/// </summary>
internal sealed class ManagedNamespaces : IAsyncDisposable
{
    private readonly FollowedObjects<V1ConfigMap, ManagerConfiguration> _configuration;
    private readonly DiscoveryOptions _options;
    private FollowedObjects<V1Namespace, ClusterNamespace>? _namespaces;
    private string? _malformed;

    private ManagedNamespaces(
        FollowedObjects<V1ConfigMap, ManagerConfiguration> configuration,
        DiscoveryOptions options
    )
    {
        _configuration = configuration;
        _options = options;
    }

    /// <summary>What clients get as configuration, YAML; empty: nothing.</summary>
    public string ClientConfiguration => _configuration.Current.FirstOrDefault()?.Client ?? "";

    /// <summary>Sorted; null: all of them.</summary>
    public IReadOnlyList<string>? Current =>
        Selector() switch
        {
            null => null,
            { Names: { } names } => [.. names.Order(StringComparer.Ordinal)],
            var selector => _namespaces is { } namespaces
                ?
                [
                    .. namespaces
                        .Current.Where(ns => selector.Matches(ns.Name, ns.Labels))
                        .Select(ns => ns.Name)
                        .Order(StringComparer.Ordinal),
                ]
                : null,
        };

    /// <summary>
    /// The namespaces that alone may be read; null: the whole cluster may be. Decided at the start, as a role's rights are: the
    /// chart starts a new pod when it changes them.
    /// </summary>
    public IReadOnlyList<string>? Scope { get; private set; }

    public static async Task<ManagedNamespaces> FindAsync(
        KubernetesClient client,
        DiscoveryOptions options,
        Action changed,
        CancellationToken cancellationToken
    )
    {
        var configuration = await FollowedObjects<V1ConfigMap, ManagerConfiguration>
            .StartAsync(
                client,
                [ClusterKinds.Configuration(options.Known.ManagerNamespace)],
                changed,
                options,
                cancellationToken
            )
            .ConfigureAwait(false);
        var managed = new ManagedNamespaces(configuration, options);
        managed.Scope = managed.Selector()?.Names;
        if (managed.Scope is not null)
            return managed;
        try
        {
            // Also without a selector: one may be added later.
            managed._namespaces = await FollowedObjects<V1Namespace, ClusterNamespace>
                .StartAsync(client, [ClusterKinds.Namespaces], changed, options, cancellationToken)
                .ConfigureAwait(false);
            return managed;
        }
        catch
        {
            await configuration.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _configuration.DisposeAsync().ConfigureAwait(false);
        if (_namespaces is not null)
            await _namespaces.DisposeAsync().ConfigureAwait(false);
    }

    private NamespaceSelector? Selector()
    {
        if (_options.ManagedNamespaces is { } names)
            return NamespaceSelector.Of(names);
        var text = _configuration.Current.FirstOrDefault()?.NamespaceSelector;
        try
        {
            return NamespaceSelector.Parse(text);
        }
        catch (FormatException e)
        {
            if (text != _malformed)
                DiscoveryLog.SelectorMalformed(_options.Logger, e.Message);
            _malformed = text;
            return NamespaceSelector.Of([]);
        }
    }
}
