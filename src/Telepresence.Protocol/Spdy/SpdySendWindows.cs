namespace Telepresence.Protocol.Spdy;

/// <summary>
/// How much the peer takes before it has read what it got (SPDY/3.1, section 2.6.8), of each stream and of all together.
/// </summary>
/// <remarks>
/// A window binds once the peer has shown that it keeps it: Kubernetes' peers send no WINDOW_UPDATE and heed none, and whoever
/// waited for theirs would stop after 64 KiB. What was sent before is counted.
/// </remarks>
internal sealed class SpdySendWindows
{
    public const int Initial = 64 * 1024;
    private const long Unlimited = long.MaxValue / 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, long> _streams = [];
    private TaskCompletionSource _changed = NewSignal();
    private long _initial = Initial;
    private long _connection = Initial;
    private bool _streamsAreKept;
    private bool _connectionIsKept;
    private bool _isOver;

    public void Add(uint id)
    {
        lock (_gate)
        {
            _streams[id] = _initial;
        }
    }

    /// <summary>Whoever waits for this stream's window goes on.</summary>
    public void Remove(uint id)
    {
        lock (_gate)
        {
            _streams.Remove(id);
            Signal();
        }
    }

    /// <summary>Waits until something may be sent, and takes at most <paramref name="wanted"/> of it.</summary>
    /// <param name="wanted">More than 0.</param>
    public async ValueTask<int> TakeAsync(uint id, int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                var known = _streams.TryGetValue(id, out var stream);
                var free = Math.Min(
                    _connectionIsKept && !_isOver ? _connection : Unlimited,
                    _streamsAreKept && known && !_isOver ? stream : Unlimited
                );
                if (free > 0)
                {
                    var taken = (int)Math.Min(free, wanted);
                    _connection -= taken;
                    if (known)
                    {
                        _streams[id] = stream - taken;
                    }
                    return taken;
                }
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>WINDOW_UPDATE.</summary>
    /// <param name="id">0: of the connection.</param>
    public void Raise(uint id, uint delta)
    {
        lock (_gate)
        {
            if (id == 0)
            {
                _connectionIsKept = true;
                _connection += delta;
            }
            else
            {
                _streamsAreKept = true;
                if (_streams.TryGetValue(id, out var window))
                {
                    _streams[id] = window + delta;
                }
            }
            Signal();
        }
    }

    /// <summary>SETTINGS_INITIAL_WINDOW_SIZE: also what streams that are open have left changes by the difference.</summary>
    public void SetInitial(uint size)
    {
        lock (_gate)
        {
            _streamsAreKept = true;
            foreach (var id in _streams.Keys)
            {
                _streams[id] += size - _initial;
            }
            _initial = size;
            Signal();
        }
    }

    /// <summary>The connection is over: nobody waits any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            Signal();
        }
    }

    private void Signal()
    {
        _changed.SetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
