using System.Net;

namespace Telepresence.Kubernetes;

/// <summary>
/// Follows all objects of a kind: lists them in pages, watches from there, lists anew when the server has forgotten the
/// version (410), and pauses between failures. Of each object only what is needed stays.
/// </summary>
internal sealed class Reflector<TObject, TKept>(
    KubernetesClient client,
    ReflectedKind<TObject, TKept> kind,
    TimeProvider time,
    Random random
)
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private Dictionary<(string? Namespace, string? Name), TKept> _objects = [];
    private volatile bool _listed;

    /// <summary>The set is another, or one of its objects. Not for bookmarks; one call at a time.</summary>
    public event Action? Changed;

    /// <summary>A list or a watch failed; it is tried again.</summary>
    public event Action<KubernetesException>? Failed;

    /// <summary>Whether <see cref="Current"/> has been complete once.</summary>
    public bool IsListed => _listed;

    /// <summary>What there is; what there was last while the cluster does not answer.</summary>
    public IReadOnlyList<TKept> Current
    {
        get
        {
            lock (_lock)
            {
                return [.. _objects.Values];
            }
        }
    }

    /// <summary>Follows until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = new JitteredPause(_firstPause, _longestPause, time, random);
        string? version = null;
        while (true)
        {
            var begun = time.GetTimestamp();
            try
            {
                version ??= await ListAsync(cancellationToken).ConfigureAwait(false);
                await foreach (
                    var change in client
                        .WatchAsync(kind.Path, null, version, cancellationToken, kind.FieldSelector)
                        .ConfigureAwait(false)
                )
                {
                    version = Take(change);
                    pause.Reset();
                }
            }
            catch (KubernetesException e) when (!cancellationToken.IsCancellationRequested)
            {
                if (e.StatusCode == HttpStatusCode.Gone)
                {
                    version = null;
                }
                Failed?.Invoke(e);
            }
            if (time.GetElapsedTime(begun) > _longestPause)
            {
                pause.Reset();
            }
            // Also where the server ended the watch: it must not be asked without a pause.
            await pause.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string?> ListAsync(CancellationToken cancellationToken)
    {
        Dictionary<(string?, string?), TKept> objects = [];
        string? version = null;
        await foreach (
            var page in client
                .ListPagesAsync(kind.Path, null, kind.List, cancellationToken, kind.FieldSelector)
                .ConfigureAwait(false)
        )
        {
            version = page.Metadata.ResourceVersion;
            foreach (var item in page.Items)
            {
                objects[Key(item)] = kind.Keep(item);
            }
        }
        bool same;
        lock (_lock)
        {
            same = _listed && _objects.Count == objects.Count && objects.All(IsKnown);
            _objects = objects;
            _listed = true;
        }
        if (!same)
        {
            Changed?.Invoke();
        }
        return version;
    }

    /// <returns>The version to go on from; null: list anew.</returns>
    private string? Take(WatchEvent change)
    {
        if (change.Type == "ERROR")
        {
            var status = client.Read(change.ObjectProperty, KubernetesJsonContext.Default.V1Status);
            throw KubernetesFailure.OfWatch(client.Configuration, kind.Path, status);
        }
        var item = client.Read(change.ObjectProperty, kind.Object);
        var version = kind.Metadata(item).ResourceVersion;
        if (change.Type == "BOOKMARK")
        {
            return version;
        }
        var kept = kind.Keep(item);
        lock (_lock)
        {
            if (change.Type == "DELETED")
            {
                if (!_objects.Remove(Key(item)))
                {
                    return version;
                }
            }
            else if (IsKnown(KeyValuePair.Create(Key(item), kept)))
            {
                return version;
            }
            else
            {
                _objects[Key(item)] = kept;
            }
        }
        Changed?.Invoke();
        return version;
    }

    private bool IsKnown(KeyValuePair<(string?, string?), TKept> entry) =>
        _objects.TryGetValue(entry.Key, out var known) && EqualityComparer<TKept>.Default.Equals(known, entry.Value);

    private (string? Namespace, string? Name) Key(TObject item) =>
        (kind.Metadata(item).NamespaceProperty, kind.Metadata(item).Name);
}
