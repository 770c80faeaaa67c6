namespace Telepresence.UnitTests.TrafficManager.Discovery;

/// <summary>Time for whoever only pauses: pauses are a hundred times shorter.</summary>
internal sealed class HurriedTimeProvider : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 100 : dueTime, period);
}
