namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>CUBIC (RFC 9438) over slow start with appropriate byte counting (RFC 5681) and HyStart++ (RFC 9406).</summary>
internal sealed class Cubic : ICongestionControl
{
    private const double Scaling = 0.4;
    private const double Decrease = 0.7;
    private const double Friendly = 3 * (1 - Decrease) / (1 + Decrease);

    /// <summary>RFC 6928: ten segments.</summary>
    private const int InitialSegments = 10;

    private readonly int _segmentSize;
    private readonly int _maximum;
    private State _state;
    private State _before;
    private HyStart _hyStart;

    public Cubic(int segmentSize, int maximum)
    {
        _segmentSize = segmentSize;
        _maximum = maximum;
        _state = new State
        {
            Window = InitialSegments * segmentSize,
            Threshold = double.MaxValue,
            Epoch = -1,
        };
        _before = _state;
        _hyStart.Reset();
    }

    public int Window => (int)_state.Window;

    public void OnAcknowledged(in CongestionSample sample)
    {
        if (_state.Window < _state.Threshold)
        {
            SlowStart(sample);
        }
        else if (sample.IsLimited)
        {
            AvoidCongestion(sample);
        }
        else
        {
            // Time in which the application sent less is no time in which the path had room (RFC 9438 §4.2).
            _state.Epoch = -1;
        }
    }

    public void OnLoss(int inFlight)
    {
        _before = _state;
        // Fast convergence (RFC 9438 §4.7): a shrinking maximum makes room for newcomers.
        _state.Maximum = _state.Window < _state.Maximum ? _state.Window * (1 + Decrease) / 2 : _state.Window;
        _state.Prior = _state.Window;
        _state.Threshold = Math.Max(Math.Min(_state.Window, inFlight) * Decrease, 2 * _segmentSize);
        _state.Window = _state.Threshold;
        _state.Epoch = -1;
    }

    public void OnTimeout(int inFlight, bool isFirst)
    {
        if (isFirst)
        {
            OnLoss(inFlight);
        }

        _state.Window = _segmentSize;
        _state.Epoch = -1;
        _hyStart.Reset();
    }

    public void Undo()
    {
        _state = _before with { Window = Math.Max(_state.Window, _before.Window), Epoch = -1 };
    }

    public void OnIdle()
    {
        var initial = InitialSegments * _segmentSize;
        var floor = _state.Threshold == double.MaxValue ? initial : Math.Max(initial, _state.Threshold);
        _state.Window = Math.Min(_state.Window, floor);
        _state.Epoch = -1;
    }

    private void SlowStart(in CongestionSample sample)
    {
        // Only the first slow start feels its way; later ones have a threshold (RFC 9406 §4.3).
        if (_state.Threshold == double.MaxValue && _hyStart.IsOver(sample.Una, sample.Next, sample.Sample))
        {
            _state.Threshold = _state.Window;
            return;
        }

        if (sample.IsLimited)
        {
            var window = _state.Window + _hyStart.Growth(sample.Bytes);
            _state.Window = Math.Min(window, Math.Min(_state.Threshold, _maximum));
        }
    }

    private void AvoidCongestion(in CongestionSample sample)
    {
        var window = _state.Window;
        if (_state.Epoch < 0)
        {
            StartEpoch(sample.Now);
        }

        var seconds = (sample.Now - _state.Epoch + sample.RoundTrip) / 1e6;
        var distance = seconds - _state.Origin;
        var target = (Scaling * distance * distance * distance * _segmentSize) + _state.Maximum;
        target = Math.Clamp(target, window, 1.5 * window);

        // The Reno-friendly region (RFC 9438 §4.3): where Reno would be, do not be slower.
        var increase = _state.Reno < _state.Prior ? Friendly : 1;
        _state.Reno += increase * _segmentSize * sample.Bytes / window;
        window = Math.Max(window + ((target - window) * sample.Bytes / window), _state.Reno);
        _state.Window = Math.Min(window, _maximum);
    }

    private void StartEpoch(long now)
    {
        _state.Epoch = now;
        _state.Reno = _state.Window;
        _state.Maximum = Math.Max(_state.Maximum, _state.Window);
        _state.Origin = Math.Cbrt((_state.Maximum - _state.Window) / _segmentSize / Scaling);
    }

    /// <summary>RFC 9438's variables: cwnd, ssthresh, W_max, cwnd_prior, W_est, K, and the start of the epoch.</summary>
    private record struct State
    {
        public double Window;
        public double Threshold;
        public double Maximum;
        public double Prior;
        public double Reno;
        public double Origin;
        public long Epoch;
    }
}
