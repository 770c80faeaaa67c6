using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Services;

/// <summary>A log level that was asked for: this process takes it, and who watches is told. It ends by itself.</summary>
internal sealed class LogLevels : IDisposable
{
    // Timers take about 49 days at most.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    private readonly LogLevelSwitch _own;
    private readonly TimeProvider _time;
    private readonly ChangeSignal _changes = new();
    private readonly Lock _gate = new();
    private readonly ITimer _end;
    private Wanted? _wanted;

    public LogLevels(LogLevelSwitch own, TimeProvider time)
    {
        _own = own;
        _time = time;
        _end = time.CreateTimer(
            static levels => ((LogLevels)levels!).Reset(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
    }

    /// <param name="level">As upstream writes it.</param>
    /// <param name="duration">Zero: until it is set again.</param>
    /// <exception cref="RpcException">InvalidArgument: no level.</exception>
    public void Set(string level, TimeSpan duration)
    {
        var lowest = level switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "warn" or "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => throw new RpcException(StatusCode.InvalidArgument, $"\"{level}\" is no log level"),
        };
        var isLimited = duration > TimeSpan.Zero && duration < Longest;
        lock (_gate)
        {
            _wanted = new Wanted(level, isLimited ? duration : null, _time.GetTimestamp());
            _own.Set(lowest);
            _end.Change(isLimited ? duration : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        _changes.Raise();
    }

    /// <summary>The one that holds, if one was asked for, and those that follow.</summary>
    public async IAsyncEnumerable<LogLevelRequest> WatchAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Wanted? told = null;
        while (true)
        {
            var changed = _changes.Next;
            Wanted? wanted;
            lock (_gate)
                wanted = _wanted;
            // Watchers that were told for how long need not be told of the end.
            if (wanted is not null && wanted != told)
                yield return ToMessage(wanted);
            told = wanted;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _end.Dispose();

    private void Reset()
    {
        lock (_gate)
        {
            // The timer may have been on its way when a newer level came.
            if (_wanted is not { Duration: { } duration } wanted || _time.GetElapsedTime(wanted.Since) < duration)
                return;
            _wanted = null;
            _own.Reset();
        }
    }

    private LogLevelRequest ToMessage(Wanted wanted) =>
        new()
        {
            LogLevel = wanted.Level,
            Duration = wanted.Duration is { } duration
                ? Duration.FromTimeSpan(duration - _time.GetElapsedTime(wanted.Since))
                : null,
        };

    private sealed record Wanted(string Level, TimeSpan? Duration, long Since);
}
