using System.Collections.Concurrent;

namespace Telepresence.Engine.Dns;

/// <summary>
/// Answers by name and type for a while, and one look-up at a time for each. Only what a cluster said for certain is
/// kept: success and NXDOMAIN (PROTOCOL §3.4).
/// </summary>
/// <param name="capacity">Names held; a full cache forgets the stale ones, then others.</param>
internal sealed class DnsCache(TimeProvider time, TimeSpan lifetime, int capacity)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly long _lifetime = (long)(lifetime.TotalSeconds * time.TimestampFrequency);
    private int _count;

    /// <summary>The fresh answer, or null.</summary>
    public DnsAnswer? Find(ReadOnlySpan<char> name, ushort type)
    {
        var lookup = _entries.GetAlternateLookup<ReadOnlySpan<char>>();
        return lookup.TryGetValue(name, out var entry)
            ? entry.Find(RecordType.IndexOf(type), time.GetTimestamp())
            : null;
    }

    /// <summary>A look-up of that name and type that is under way, or null.</summary>
    public Task<DnsAnswer>? Pending(string name, ushort type) =>
        _entries.TryGetValue(name, out var entry) ? entry.Pending(RecordType.IndexOf(type)) : null;

    /// <summary>Joins the look-up that is under way, or starts one.</summary>
    /// <param name="look">Must not throw.</param>
    public Task<DnsAnswer> GetOrLookUp(string name, ushort type, Func<string, ushort, Task<DnsAnswer>> look)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            if (Volatile.Read(ref _count) >= capacity)
                MakeRoom();
            var added = new Entry();
            entry = _entries.GetOrAdd(name, added);
            if (ReferenceEquals(entry, added))
                Interlocked.Increment(ref _count);
        }
        return entry.GetOrLookUp(RecordType.IndexOf(type), () => look(name, type), time, _lifetime);
    }

    /// <summary>Forgets everything: namespaces, search list or agents changed.</summary>
    public void Flush()
    {
        foreach (var name in _entries.Keys)
            Flush(name);
    }

    /// <summary>Forgets a name. A look-up under way answers those who wait for it, and is not kept.</summary>
    public void Flush(string name)
    {
        if (_entries.TryRemove(name, out _))
            Interlocked.Decrement(ref _count);
    }

    private void MakeRoom()
    {
        var now = time.GetTimestamp();
        foreach (var (name, entry) in _entries)
        {
            if (entry.IsStale(now))
                Flush(name);
        }
        var surplus = Volatile.Read(ref _count) - capacity + Math.Max(1, capacity / 8);
        foreach (var (name, _) in _entries)
        {
            if (surplus-- <= 0)
                break;
            Flush(name);
        }
    }

    private sealed class Entry
    {
        private readonly Lock _gate = new();
        private readonly Kept?[] _kept = new Kept?[RecordType.SupportedCount];
        private readonly Task<DnsAnswer>?[] _pending = new Task<DnsAnswer>?[RecordType.SupportedCount];

        public DnsAnswer? Find(int index, long now) =>
            Volatile.Read(ref _kept[index]) is { } kept && kept.FreshUntil > now ? kept.Answer : null;

        public Task<DnsAnswer>? Pending(int index)
        {
            lock (_gate)
                return _pending[index];
        }

        public bool IsStale(long now)
        {
            lock (_gate)
                return _pending.All(task => task is null) && _kept.All(kept => kept is null || kept.FreshUntil <= now);
        }

        public Task<DnsAnswer> GetOrLookUp(int index, Func<Task<DnsAnswer>> look, TimeProvider time, long lifetime)
        {
            TaskCompletionSource<DnsAnswer> source;
            lock (_gate)
            {
                if (Find(index, time.GetTimestamp()) is { } answer)
                    return Task.FromResult(answer);
                if (_pending[index] is { } pending)
                    return pending;
                source = new TaskCompletionSource<DnsAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
                _pending[index] = source.Task;
            }
            _ = CompleteAsync();
            return source.Task;

            async Task CompleteAsync()
            {
                DnsAnswer answer;
                try
                {
                    answer = await look().ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    lock (_gate)
                        _pending[index] = null;
                    source.SetException(e);
                    return;
                }
                lock (_gate)
                {
                    _pending[index] = null;
                    if (
                        !answer.IsUncertain
                        && answer.ResponseCode is ResponseCode.NoError or ResponseCode.NonexistentDomain
                    )
                        Volatile.Write(ref _kept[index], new Kept(answer, time.GetTimestamp() + lifetime));
                }
                source.SetResult(answer);
            }
        }

        private sealed record Kept(DnsAnswer Answer, long FreshUntil);
    }
}
