using Telepresence.Engine.Host;

namespace Telepresence.UnitTests.Host;

public sealed class EngineLifetimeTests
{
    private sealed class ManualTimer : TimeProvider, ITimer
    {
        private Action? _fire;

        public TimeSpan? Due { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            Change(dueTime, period);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : dueTime;
            return true;
        }

        public void Fire() => _fire!();

        public void Dispose() { }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    [Fact]
    public void Ends_a_grace_after_the_last_hold()
    {
        ManualTimer timer = new();
        using EngineLifetime lifetime = new(Grace, connectionsHold: false, timer);
        Assert.Equal(Grace, timer.Due);
        var first = lifetime.Hold();
        var second = lifetime.Hold();
        Assert.Null(timer.Due);
        first.Dispose();
        first.Dispose();
        Assert.Null(timer.Due);
        second.Dispose();
        Assert.Equal(Grace, timer.Due);
        Assert.False(lifetime.Stopping.IsCancellationRequested);
        timer.Fire();
        Assert.True(lifetime.Stopping.IsCancellationRequested);
    }

    [Fact]
    public void A_timer_that_fires_while_somebody_takes_hold_ends_nothing()
    {
        ManualTimer timer = new();
        using EngineLifetime lifetime = new(Grace, connectionsHold: false, timer);
        using var hold = lifetime.Hold();
        timer.Fire();
        Assert.False(lifetime.Stopping.IsCancellationRequested);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Connections_hold_only_where_they_should(bool connectionsHold)
    {
        ManualTimer timer = new();
        using EngineLifetime lifetime = new(Grace, connectionsHold, timer);
        using var hold = lifetime.HoldConnection();
        Assert.Equal(connectionsHold, timer.Due is null);
    }
}
