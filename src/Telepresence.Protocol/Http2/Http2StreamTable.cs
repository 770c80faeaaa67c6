namespace Telepresence.Protocol.Http2;

/// <summary>The streams that are open, their numbers, and who waits because the peer allows no more.</summary>
/// <param name="onDrained">The last stream is over, and there will be none; called without a lock, but maybe within the caller's.</param>
internal sealed class Http2StreamTable(Action onDrained)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private long _limit = 100;
    private long _taken;
    private int _lastId = -1;
    private Exception? _closed;

    /// <summary>New streams may be opened.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
                return _closed is null;
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _streams.Count == 0;
        }
    }

    /// <summary>The latest one opened; 0: none was.</summary>
    public int LastId
    {
        get
        {
            lock (_gate)
                return Math.Max(0, _lastId);
        }
    }

    /// <summary>Waits until the peer allows one more. What is reserved is added, or released.</summary>
    /// <exception cref="Http2Exception">No stream can be opened any more.</exception>
    public ValueTask ReserveAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (_closed is { } closed)
                return ValueTask.FromException(Http2Exception.Unsent(closed));
            if (_taken < _limit)
            {
                _taken++;
                return default;
            }
            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(waiter);
        }
        return new ValueTask(WaitAsync(waiter, cancellationToken));
    }

    /// <summary>What was reserved is not needed.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _taken--;
            Admit();
        }
    }

    /// <summary>Gives a stream its number.</summary>
    /// <exception cref="Http2Exception">No stream can be opened any more.</exception>
    public int Add(Http2Stream stream)
    {
        lock (_gate)
        {
            if (_closed is null && _lastId == int.MaxValue)
                _closed = Http2Exception.GoneAway(Http2ErrorCode.NoError, isUnprocessed: true);
            if (_closed is not null)
                throw Http2Exception.Unsent(_closed);
            _lastId += 2;
            _streams.Add(_lastId, stream);
            return _lastId;
        }
    }

    public Http2Stream? Find(int id)
    {
        lock (_gate)
            return _streams.GetValueOrDefault(id);
    }

    public void Remove(Http2Stream stream)
    {
        lock (_gate)
        {
            if (!_streams.Remove(stream.Id))
                return;
            _taken--;
            Admit();
            if (_closed is null || _streams.Count > 0)
                return;
        }
        onDrained();
    }

    /// <summary>SETTINGS_MAX_CONCURRENT_STREAMS.</summary>
    public void SetLimit(long limit)
    {
        lock (_gate)
        {
            _limit = limit;
            Admit();
        }
    }

    /// <summary>All that are open.</summary>
    public List<Http2Stream> ToList()
    {
        lock (_gate)
            return [.. _streams.Values];
    }

    /// <summary>No stream is opened any more, for that reason.</summary>
    /// <param name="lastServed">Streams with a higher number are over.</param>
    /// <returns>These.</returns>
    public List<Http2Stream> Close(Exception reason, int lastServed)
    {
        lock (_gate)
        {
            _closed ??= reason;
            while (_waiting.TryDequeue(out var waiter))
                waiter.TrySetException(Http2Exception.Unsent(_closed));
            return [.. _streams.Values.Where(stream => stream.Id > lastServed)];
        }
    }

    private void Admit()
    {
        while (_taken < _limit && _waiting.TryDequeue(out var waiter))
        {
            if (waiter.TrySetResult())
                _taken++;
        }
    }

    private static async Task WaitAsync(TaskCompletionSource waiter, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(
            static (waiter, token) => ((TaskCompletionSource)waiter!).TrySetCanceled(token),
            waiter
        );
        await using (registration.ConfigureAwait(false))
            await waiter.Task.ConfigureAwait(false);
    }
}
