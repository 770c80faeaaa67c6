namespace Telepresence.UnitTests.NetStack;

/// <summary>A clock that stands until a test moves it.</summary>
internal sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset Origin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TimeSpan Now { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => Origin + Now;

    public void Advance(TimeSpan time) => Now += time;

    public void AdvanceTo(TimeSpan time) => Now = time > Now ? time : Now;
}
