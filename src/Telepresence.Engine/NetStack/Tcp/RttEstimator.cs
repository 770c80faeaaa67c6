namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>Smoothed round-trip time and retransmission time-out (RFC 6298), in microseconds.</summary>
internal sealed class RttEstimator
{
    /// <summary>RFC 6298 says a second; every current stack, the kernel across the device included, uses 200 ms.</summary>
    private const long Minimum = 200_000;
    private const long Maximum = 60_000_000;
    private const long Initial = 1_000_000;
    private long _variation;
    private long _base = Initial;
    private int _backOff;

    /// <summary>Zero before the first sample.</summary>
    public long Smoothed { get; private set; }

    /// <summary>Doubled with each back-off.</summary>
    public long Timeout => Math.Min(_base << _backOff, Maximum);

    public int BackOffs => _backOff;

    public void Sample(long roundTrip)
    {
        if (Smoothed == 0)
        {
            Smoothed = Math.Max(roundTrip, 1);
            _variation = roundTrip / 2;
        }
        else
        {
            _variation = (3 * _variation + Math.Abs(Smoothed - roundTrip)) / 4;
            Smoothed = Math.Max((7 * Smoothed + roundTrip) / 8, 1);
        }

        _base = Math.Clamp(Smoothed + Math.Max(4 * _variation, 1000), Minimum, Maximum);
    }

    public void BackOff() => _backOff = Math.Min(_backOff + 1, 16);

    /// <summary>New data was acknowledged: the path works again.</summary>
    public void ResetBackOff() => _backOff = 0;
}
