namespace Telepresence.TrafficManager.Tunnels;

/// <summary>Cancels <see cref="Idle"/> after a time without <see cref="Touch"/>. Touching is a clock reading, no more.</summary>
internal sealed class IdleTimer : IDisposable
{
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _idle = new();
    private readonly ITimer _timer;
    private long _touched;

    public IdleTimer(TimeProvider timeProvider, TimeSpan limit)
    {
        _timeProvider = timeProvider;
        _limit = limit;
        _touched = timeProvider.GetTimestamp();
        _timer = timeProvider.CreateTimer(
            static timer => ((IdleTimer)timer!).Check(),
            this,
            limit,
            Timeout.InfiniteTimeSpan
        );
    }

    public CancellationToken Idle => _idle.Token;

    public void Touch() => Volatile.Write(ref _touched, _timeProvider.GetTimestamp());

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        var left = _limit - _timeProvider.GetElapsedTime(Volatile.Read(ref _touched));
        if (left <= TimeSpan.Zero)
            _idle.Cancel();
        else
            _timer.Change(left, Timeout.InfiniteTimeSpan);
    }
}
