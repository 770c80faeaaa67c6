namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>CUBIC (RFC 9438) over RFC 5681 slow start with appropriate byte counting.</summary>
internal sealed class Cubic(int segmentSize, int maximum) : ICongestionControl
{
    private const double Scaling = 0.4;
    private const double Decrease = 0.7;

    /// <summary>RFC 6928: ten segments.</summary>
    private readonly int _initial = 10 * segmentSize;

    private double _window = 10 * segmentSize;
    private double _threshold = double.MaxValue;
    private double _maximumWindow;
    private double _renoWindow;
    private double _origin;
    private long _epoch = -1;

    public int Window => (int)_window;

    public void OnAcknowledged(int bytes, long now, long roundTrip, bool limited)
    {
        if (!limited)
        {
            return;
        }

        if (_window < _threshold)
        {
            _window = Math.Min(_window + bytes, maximum);
            return;
        }

        if (_epoch < 0)
        {
            StartEpoch(now);
        }

        var seconds = (now - _epoch + roundTrip) / 1e6;
        var distance = seconds - _origin;
        var target = (Scaling * distance * distance * distance * segmentSize) + _maximumWindow;
        target = Math.Clamp(target, _window, 1.5 * _window);

        // The Reno-friendly region (RFC 9438 §4.3): where Reno would be, do not be slower.
        var increase = _renoWindow < _maximumWindow ? 3 * (1 - Decrease) / (1 + Decrease) : 1;
        _renoWindow += increase * segmentSize * bytes / _window;
        _window = Math.Min(Math.Max(_window + ((target - _window) * bytes / _window), _renoWindow), maximum);
    }

    public void OnLoss(int inFlight, long now)
    {
        // Fast convergence (RFC 9438 §4.7): a shrinking maximum makes room for newcomers.
        _maximumWindow = _window < _maximumWindow ? _window * (1 + Decrease) / 2 : _window;
        _threshold = Math.Max(Math.Min(_window, inFlight) * Decrease, 2 * segmentSize);
        _window = _threshold;
        _epoch = -1;
    }

    public void OnTimeout(int inFlight, long now)
    {
        OnLoss(inFlight, now);
        _window = segmentSize;
    }

    public void OnIdle()
    {
        _window = Math.Min(_window, Math.Max(_initial, _threshold == double.MaxValue ? _initial : _threshold));
        _epoch = -1;
    }

    private void StartEpoch(long now)
    {
        _epoch = now;
        _renoWindow = _window;
        if (_maximumWindow < _window)
        {
            _maximumWindow = _window;
        }

        _origin = Math.Cbrt((_maximumWindow - _window) / segmentSize / Scaling);
    }
}
