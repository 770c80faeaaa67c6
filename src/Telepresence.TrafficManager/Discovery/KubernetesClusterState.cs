using System.Net;
using System.Threading.Channels;
using Telepresence.Kubernetes;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>The facts of the cluster from its API, followed (PROTOCOL §7.1).</summary>
internal sealed class KubernetesClusterState : IClusterState, IAsyncDisposable
{
    private const string Injector = "agent-injector";

    // A rollout changes many pods at once: what comes together is told together.
    private static readonly TimeSpan CollectingTime = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly DiscoveryOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly Stack<IAsyncDisposable> _owned = new();
    private ManagedNamespaces _managed = null!;
    private ServiceSubnets _services = null!;
    private PodSubnets _pods = null!;
    private Task _following = Task.CompletedTask;
    private ClusterFacts _current;

    private KubernetesClusterState(DiscoveryOptions options)
    {
        _options = options;
        _current = options.Known;
    }

    /// <inheritdoc />
    public ClusterFacts Current => Volatile.Read(ref _current);

    /// <inheritdoc />
    public event Action? Changed;

    /// <summary>The namespaces that alone may be read; null: the whole cluster may be.</summary>
    public IReadOnlyList<string>? Scope => _managed.Scope;

    /// <summary>
    /// Returns when the facts are complete. An API server that does not answer is waited for; a missing right is told and done
    /// without.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<KubernetesClusterState> StartAsync(
        KubernetesClient client,
        DiscoveryOptions options,
        CancellationToken cancellationToken
    )
    {
        var state = new KubernetesClusterState(options);
        try
        {
            await state.FindAsync(client, cancellationToken).ConfigureAwait(false);
            return state;
        }
        catch
        {
            await state.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_owned.TryPop(out var owned))
            await owned.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task FindAsync(KubernetesClient client, CancellationToken cancellationToken)
    {
        var ns = _options.Known.ManagerNamespace;
        var itself = await AskAsync(
                $"api/v1/namespaces/{ns}",
                () => client.ReadNamespaceAsync(ns, cancellationToken),
                cancellationToken
            )
            .ConfigureAwait(false);
        var injector = await AskAsync(
                $"api/v1/namespaces/{ns}/services",
                () => client.ReadNamespacedServiceAsync(Injector, ns, cancellationToken),
                cancellationToken
            )
            .ConfigureAwait(false);
        var service = IPAddress.TryParse(injector?.Spec.ClusterIP, out var address) ? address : _options.ApiService;
        _managed = Own(
            await ManagedNamespaces.FindAsync(client, _options, Signal, cancellationToken).ConfigureAwait(false)
        );
        _services = Own(
            await ServiceSubnets.FindAsync(client, _options, service, Signal, cancellationToken).ConfigureAwait(false)
        );
        _pods = Own(
            await PodSubnets.FindAsync(client, _options, Scope, Signal, cancellationToken).ConfigureAwait(false)
        );
        var domain =
            _options.IsDomainKnown || service is null
                ? null
                : await new ClusterDomain(_options.Dns, _options.Time)
                    .FindAsync(service, cancellationToken)
                    .ConfigureAwait(false);
        _current = _options.Known with
        {
            InstallId = itself?.Metadata.Uid ?? _options.Known.InstallId,
            ClusterDomain = domain ?? _options.Known.ClusterDomain,
        };
        Review();
        _following = FollowAsync(_stop.Token);
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in _news.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(CollectingTime, _options.Time, cancellationToken).ConfigureAwait(false);
            Review();
        }
    }

    private void Review()
    {
        var known = Current;
        var present = known with
        {
            ServiceSubnets = _services.Current,
            PodSubnets = _pods.Current,
            ManagedNamespaces = _managed.Current,
            ClientConfiguration = _managed.ClientConfiguration,
        };
        var routes =
            known.ServiceSubnets.SequenceEqual(present.ServiceSubnets)
            && known.PodSubnets.SequenceEqual(present.PodSubnets);
        if (
            routes
            && known.ClientConfiguration == present.ClientConfiguration
            && (known.ManagedNamespaces ?? []).SequenceEqual(present.ManagedNamespaces ?? [])
            && known.ManagedNamespaces is null == present.ManagedNamespaces is null
        )
            return;
        Volatile.Write(ref _current, present);
        if (!routes)
            DiscoveryLog.Discovered(
                _options.Logger,
                string.Join(' ', present.ServiceSubnets),
                string.Join(' ', present.PodSubnets),
                _pods.Strategy,
                present.ClusterDomain
            );
        Changed?.Invoke();
    }

    /// <summary>One object; null where there is none, or it may not be read.</summary>
    private async Task<T?> AskAsync<T>(string path, Func<Task<T>> ask, CancellationToken cancellationToken)
        where T : class
    {
        var pause = new JitteredPause(FirstPause, LongestPause, _options.Time, _options.Random);
        for (var isTold = false; ; isTold = true)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }
            catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
            {
                MissingRight.Log(_options.Logger, path, "get");
                return null;
            }
            catch (KubernetesException e) when (!cancellationToken.IsCancellationRequested)
            {
                if (!isTold)
                    DiscoveryLog.Unfollowed(_options.Logger, path, e.Message);
            }
            await pause.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    private void Signal() => _news.Writer.TryWrite(true);
}
