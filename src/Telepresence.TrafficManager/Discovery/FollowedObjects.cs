using System.Net;
using Telepresence.Kubernetes;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>
/// Objects that are followed as long as this lives: of the whole cluster, or of a few namespaces. What fails is tried again,
/// and told once.
/// </summary>
internal sealed class FollowedObjects<TObject, TKept> : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Reflector<TObject, TKept>[] _reflectors;
    private readonly Task<FollowOutcome>[] _outcomes;
    private readonly Task[] _following;
    private readonly ILogger _logger;
    private readonly LogLevel _told;

    /// <param name="client">To the API server.</param>
    /// <param name="kinds">One; or the same of several namespaces.</param>
    /// <param name="changed">Called after <see cref="Current"/> changed, from any thread.</param>
    /// <param name="options">Where to log, and what measures pauses.</param>
    /// <param name="told">Level to tell a missing right at: where there is another way, it is no warning.</param>
    public FollowedObjects(
        KubernetesClient client,
        IReadOnlyList<ReflectedKind<TObject, TKept>> kinds,
        Action changed,
        DiscoveryOptions options,
        LogLevel told = LogLevel.Warning
    )
    {
        _logger = options.Logger;
        _told = told;
        _reflectors =
        [
            .. kinds.Select(kind => new Reflector<TObject, TKept>(client, kind, options.Time, options.Random)),
        ];
        _outcomes = [.. _reflectors.Zip(kinds, (reflector, kind) => Watch(reflector, kind.Path, changed))];
        _following = [.. _reflectors.Select(reflector => reflector.RunAsync(_stop.Token))];
    }

    /// <summary>What there is, or was while the API server does not answer.</summary>
    public IEnumerable<TKept> Current => _reflectors.SelectMany(reflector => reflector.Current);

    /// <summary>What came of the first lists; of several namespaces the worst.</summary>
    public FollowOutcome Outcome { get; private set; }

    /// <summary>
    /// Follows, and returns when all are listed, or one cannot be. An API server that does not answer is waited for.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<FollowedObjects<TObject, TKept>> StartAsync(
        KubernetesClient client,
        IReadOnlyList<ReflectedKind<TObject, TKept>> kinds,
        Action changed,
        DiscoveryOptions options,
        CancellationToken cancellationToken,
        LogLevel told = LogLevel.Warning
    )
    {
        var objects = new FollowedObjects<TObject, TKept>(client, kinds, changed, options, told);
        try
        {
            var outcomes = await Task.WhenAll(objects._outcomes).WaitAsync(cancellationToken).ConfigureAwait(false);
            objects.Outcome = outcomes.DefaultIfEmpty().Max();
            return objects;
        }
        catch
        {
            await objects.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_following).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private Task<FollowOutcome> Watch(Reflector<TObject, TKept> reflector, string path, Action changed)
    {
        var outcome = new TaskCompletionSource<FollowOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isToldOff = false;
        reflector.Changed += () =>
        {
            if (isToldOff)
                DiscoveryLog.Followed(_logger, path);
            isToldOff = false;
            outcome.TrySetResult(FollowOutcome.Listed);
            changed();
        };
        reflector.Failed += e =>
        {
            // A watch that the server forgot or that broke is nothing to tell; the next list is what counts.
            if (reflector.IsListed && e.StatusCode is not (HttpStatusCode.Forbidden or HttpStatusCode.NotFound))
                return;
            if (!isToldOff)
                Tell(path, e);
            isToldOff = true;
            if (e.StatusCode == HttpStatusCode.Forbidden)
                outcome.TrySetResult(FollowOutcome.Forbidden);
            else if (e.StatusCode == HttpStatusCode.NotFound)
                outcome.TrySetResult(FollowOutcome.Unknown);
        };
        return outcome.Task;
    }

    private void Tell(string path, KubernetesException e)
    {
        if (e.StatusCode == HttpStatusCode.Forbidden)
            MissingRight.Log(_logger, path, "get, list, watch", _told);
        else if (e.StatusCode == HttpStatusCode.NotFound)
            DiscoveryLog.Unknown(_logger, path);
        else
            DiscoveryLog.Unfollowed(_logger, path, e.Message);
    }
}
