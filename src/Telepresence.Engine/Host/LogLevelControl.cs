using Microsoft.Extensions.Logging;

namespace Telepresence.Engine.Host;

/// <summary>The lowest level that the engine logs: information, or another for a while. Safe for concurrent use.</summary>
internal sealed class LogLevelControl : IDisposable
{
    private const LogLevel Usual = LogLevel.Information;

    private readonly ITimer _end;
    private volatile int _lowest = (int)Usual;

    public LogLevelControl(TimeProvider time) =>
        _end = time.CreateTimer(
            static control => ((LogLevelControl)control!)._lowest = (int)Usual,
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );

    public LogLevel Lowest => (LogLevel)_lowest;

    /// <param name="duration">After which it is as usual; null: as long as the engine lives.</param>
    public void Set(LogLevel lowest, TimeSpan? duration)
    {
        _end.Change(duration ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _lowest = (int)lowest;
    }

    public void Dispose() => _end.Dispose();
}
