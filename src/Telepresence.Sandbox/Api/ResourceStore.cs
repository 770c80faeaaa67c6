using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Telepresence.Sandbox.Api;

/// <summary>A change of one object.</summary>
/// <param name="Kind">ADDED, MODIFIED or DELETED.</param>
internal sealed record ResourceEvent(string Kind, ResourceType Type, JsonObject Object, long Revision);

/// <summary>The cluster's objects, and what became of them. Objects are immutable once stored.</summary>
internal sealed class ResourceStore(TimeProvider time)
{
    private const int HistoryLength = 1024;
    private const int WatchBacklog = 2048;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<Key, JsonObject> _objects = [];
    private readonly Queue<ResourceEvent> _history = new();
    private readonly HashSet<Subscription> _subscriptions = [];
    private long _revision = 1000;

    /// <summary>Adds or replaces an object: kind, uid, creation time and resource version are the store's to set.</summary>
    public void Put(ResourceType type, JsonObject value)
    {
        lock (_lock)
        {
            var metadata = value["metadata"]!.AsObject();
            var key = Key.Of(type, value);
            var known = _objects.GetValueOrDefault(key);
            value["apiVersion"] = type.ApiVersion;
            value["kind"] = type.Kind;
            metadata["uid"] =
                known?["metadata"]?["uid"]?.DeepClone() ?? metadata["uid"]?.DeepClone() ?? Guid.NewGuid().ToString();
            metadata["creationTimestamp"] =
                known?["metadata"]?["creationTimestamp"]?.DeepClone() ?? Timestamp(time.GetUtcNow());
            metadata["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);
            _objects[key] = value;
            Publish(new(known is null ? "ADDED" : "MODIFIED", type, value, _revision));
        }
    }

    public bool Remove(ResourceType type, string ns, string name)
    {
        lock (_lock)
        {
            if (!_objects.Remove(new Key(type.QualifiedName, ns, name), out var value))
            {
                return false;
            }
            Publish(new("DELETED", type, value, ++_revision));
            return true;
        }
    }

    public JsonObject? Get(ResourceType type, string ns, string name)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(new Key(type.QualifiedName, ns, name));
        }
    }

    /// <param name="ns">Null: every namespace.</param>
    public (IReadOnlyList<JsonObject> Items, long Revision) List(ResourceType type, string? ns)
    {
        lock (_lock)
        {
            return (Select(type, ns), _revision);
        }
    }

    /// <summary>Follows a type. Null when <paramref name="since"/> lies before what is remembered (410 Gone).</summary>
    /// <param name="since">Null: the present objects come first as ADDED.</param>
    public Subscription? Watch(ResourceType type, long? since)
    {
        lock (_lock)
        {
            IEnumerable<ResourceEvent> first;
            if (since is { } revision)
            {
                if (_history.Count == HistoryLength && _history.Peek().Revision > revision + 1)
                {
                    return null;
                }
                first = _history.Where(e => e.Type == type && e.Revision > revision);
            }
            else
            {
                first = Select(type, null).Select(o => new ResourceEvent("ADDED", type, o, _revision));
            }
            var subscription = new Subscription(this, type, [.. first]);
            _subscriptions.Add(subscription);
            return subscription;
        }
    }

    public static string Timestamp(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private List<JsonObject> Select(ResourceType type, string? ns) =>
        [
            .. _objects
                .Where(o => o.Key.Type == type.QualifiedName && (ns is null || o.Key.Namespace == ns))
                .Select(o => o.Value),
        ];

    private void Publish(ResourceEvent change)
    {
        _history.Enqueue(change);
        if (_history.Count > HistoryLength)
        {
            _history.Dequeue();
        }
        foreach (var subscription in _subscriptions)
        {
            subscription.Offer(change);
        }
    }

    /// <summary>One watcher. A watcher that falls too far behind is ended, and lists again.</summary>
    internal sealed class Subscription : IDisposable
    {
        private readonly ResourceStore _store;
        private readonly ResourceType _type;
        private readonly Channel<ResourceEvent> _events = Channel.CreateBounded<ResourceEvent>(WatchBacklog);

        internal Subscription(ResourceStore store, ResourceType type, IReadOnlyList<ResourceEvent> first)
        {
            _store = store;
            _type = type;
            foreach (var change in first)
            {
                Offer(change);
            }
        }

        public ChannelReader<ResourceEvent> Events => _events.Reader;

        public void Dispose()
        {
            lock (_store._lock)
            {
                _store._subscriptions.Remove(this);
            }
        }

        internal void Offer(ResourceEvent change)
        {
            if (change.Type == _type && !_events.Writer.TryWrite(change))
            {
                _events.Writer.TryComplete();
            }
        }
    }

    private readonly record struct Key(string Type, string Namespace, string Name) : IComparable<Key>
    {
        public static Key Of(ResourceType type, JsonObject value)
        {
            var metadata = value["metadata"]!;
            return new(type.QualifiedName, (string?)metadata["namespace"] ?? "", (string)metadata["name"]!);
        }

        public int CompareTo(Key other) =>
            string.CompareOrdinal(Type, other.Type) is not 0 and var byType ? byType
            : string.CompareOrdinal(Namespace, other.Namespace) is not 0 and var byNamespace ? byNamespace
            : string.CompareOrdinal(Name, other.Name);
    }
}
