namespace Telepresence.Engine.Host;

/// <summary>
/// When the engine ends: told to, or a grace after the last thing that held it (a session, a running request) was released.
/// </summary>
internal sealed class EngineLifetime : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _idle;
    private TimeSpan _grace;
    private readonly bool _connectionsHold;
    private int _holds;

    /// <param name="connectionsHold">An open connection is reason enough to stay (the unprivileged engine).</param>
    public EngineLifetime(TimeSpan grace, bool connectionsHold, TimeProvider time)
    {
        _grace = grace;
        _connectionsHold = connectionsHold;
        _idle = time.CreateTimer(
            static state => ((EngineLifetime)state!).StopIfIdle(),
            this,
            grace,
            Timeout.InfiniteTimeSpan
        );
    }

    /// <summary>Cancelled when the engine is to end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Keeps the engine until disposed. A session takes one for its life.</summary>
    public IDisposable Hold()
    {
        lock (_lock)
        {
            _holds++;
            _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        return new Holding(this);
    }

    /// <summary>As <see cref="Hold"/> where connections count, nothing otherwise.</summary>
    public IDisposable? HoldConnection() => _connectionsHold ? Hold() : null;

    /// <summary>From now on waits less for something to do: the work this engine was started for is over.</summary>
    public void ShortenGrace(TimeSpan grace)
    {
        lock (_lock)
        {
            _grace = grace < _grace ? grace : _grace;
            if (_holds == 0 && !_stopping.IsCancellationRequested)
            {
                _idle.Change(_grace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Ends the engine now.</summary>
    public void Stop()
    {
        try
        {
            _stopping.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended already.
            return;
        }
    }

    public void Dispose()
    {
        _idle.Dispose();
        _stopping.Dispose();
    }

    private void Release()
    {
        lock (_lock)
        {
            if (--_holds == 0 && !_stopping.IsCancellationRequested)
            {
                _idle.Change(_grace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void StopIfIdle()
    {
        lock (_lock)
        {
            if (_holds > 0)
            {
                return;
            }
        }
        Stop();
    }

    private sealed class Holding(EngineLifetime lifetime) : IDisposable
    {
        private EngineLifetime? _lifetime = lifetime;

        public void Dispose() => Interlocked.Exchange(ref _lifetime, null)?.Release();
    }
}
