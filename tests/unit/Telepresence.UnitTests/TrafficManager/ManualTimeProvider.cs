namespace Telepresence.UnitTests.TrafficManager;

/// <summary>Time that passes when the test says so.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private TaskCompletionSource _timersChanged = NewSignal();
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        var until = _now + by.Ticks;
        while (true)
        {
            ManualTimer? next;
            lock (_lock)
            {
                next = _timers.MinBy(timer => timer.Due);
                if (next is null || next.Due > until)
                    break;
                Volatile.Write(ref _now, Math.Max(_now, next.Due));
                next.Rearm();
            }
            next.Fire();
        }
        Volatile.Write(ref _now, until);
    }

    /// <summary>Waits until somebody waits for exactly that long from now.</summary>
    public Task TimerIsSetAsync(TimeSpan due) => TimerIsSetAsync(timer => timer.Due == _now + due.Ticks);

    /// <summary>Waits until somebody waits for anything.</summary>
    public Task AnyTimerAsync() => TimerIsSetAsync(_ => true);

    private async Task TimerIsSetAsync(Predicate<ManualTimer> which)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_timers.Exists(which))
                    return;
                changed = _timersChanged.Task;
            }
            await changed.WaitAsync(ManagerFixture.Patience);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long Due { get; private set; }

        public void Fire() => callback(state);

        public void Rearm()
        {
            if (_period > TimeSpan.Zero)
                Due += _period.Ticks;
            else
                owner._timers.Remove(this);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
                _period = period;
                if (dueTime >= TimeSpan.Zero)
                {
                    Due = owner._now + dueTime.Ticks;
                    owner._timers.Add(this);
                }
                owner._timersChanged.TrySetResult();
                owner._timersChanged = NewSignal();
            }
            return true;
        }

        public void Dispose()
        {
            lock (owner._lock)
                owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
