namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// HyStart++ (RFC 9406): slow start ends when round trips get longer, before the path's queue overflows. Conservative
/// slow start in between finds out whether it was jitter. Times in microseconds.
/// </summary>
internal struct HyStart
{
    private const long MinimumThreshold = 4_000;
    private const long MaximumThreshold = 16_000;
    private const int ThresholdDivisor = 8;
    private const int Samples = 8;
    private const int ConservativeRounds = 5;
    private const int GrowthDivisor = 4;
    private long _roundEnd;
    private long _current;
    private long _last;
    private long _baseline;
    private int _samples;
    private int _conservativeRounds;
    private bool _isConservative;

    /// <summary>A new slow start.</summary>
    public void Reset()
    {
        this = default;
        _current = _last = long.MaxValue;
    }

    /// <summary>How much of the acknowledged bytes may be added to the window.</summary>
    public readonly int Growth(int bytes) => _isConservative ? bytes / GrowthDivisor : bytes;

    /// <summary>Takes an acknowledgment in slow start. True when slow start is over.</summary>
    /// <param name="una">SND.UNA.</param>
    /// <param name="next">SND.NXT.</param>
    /// <param name="sample">A round trip, or -1.</param>
    public bool IsOver(long una, long next, long sample)
    {
        if (una >= _roundEnd)
        {
            _roundEnd = next;
            _last = _current;
            _current = long.MaxValue;
            _samples = 0;
            if (_isConservative && ++_conservativeRounds >= ConservativeRounds)
            {
                return true;
            }
        }

        if (sample < 0)
        {
            return false;
        }

        _current = Math.Min(_current, sample);
        if (++_samples < Samples || _last == long.MaxValue)
        {
            return false;
        }

        if (_isConservative)
        {
            _isConservative = _current >= _baseline;
            return false;
        }

        if (_current >= _last + Math.Clamp(_last / ThresholdDivisor, MinimumThreshold, MaximumThreshold))
        {
            _isConservative = true;
            _conservativeRounds = 0;
            _baseline = _current;
        }

        return false;
    }
}
