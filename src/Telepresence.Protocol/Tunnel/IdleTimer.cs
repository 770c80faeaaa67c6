namespace Telepresence.Protocol.Tunnel;

/// <summary>Cancels <see cref="Idle"/> after a time without <see cref="Touch"/>. Touching is a clock reading, no more.</summary>
public sealed class IdleTimer : IDisposable
{
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _idle = new();
    private readonly ITimer _timer;
    private long _touched;

    /// <param name="timeProvider">Whose time.</param>
    /// <param name="limit">How long without a touch.</param>
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

    /// <summary>Cancelled when the time was over.</summary>
    public CancellationToken Idle => _idle.Token;

    /// <summary>There was traffic.</summary>
    public void Touch() => Volatile.Write(ref _touched, _timeProvider.GetTimestamp());

    /// <inheritdoc/>
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
