namespace Telepresence.Kubernetes;

/// <summary>Pauses that double up to a longest one, each drawn out at random: many clients must not come back at once.</summary>
internal sealed class JitteredPause(TimeSpan first, TimeSpan longest, TimeProvider time, Random random)
{
    private int _doublings;

    public void Reset() => _doublings = 0;

    /// <summary>Waits for one to two times the pause.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var pause = first * (1L << _doublings);
        if (pause < longest)
        {
            _doublings++;
        }
        else
        {
            pause = longest;
        }
        return Task.Delay(pause * (1 + random.NextDouble()), time, cancellationToken);
    }
}
