namespace Telepresence.Engine.Manager;

/// <summary>Pauses that double up to a longest one.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest, TimeProvider timeProvider)
{
    private TimeSpan? _next;

    public void Reset() => _next = null;

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var pause = _next ?? first;
        _next = pause * 2 < longest ? pause * 2 : longest;
        return Task.Delay(pause, timeProvider, cancellationToken);
    }
}
