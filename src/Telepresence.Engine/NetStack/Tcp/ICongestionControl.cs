namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>How much may be in flight. All amounts in bytes, times in microseconds.</summary>
internal interface ICongestionControl
{
    /// <summary>The congestion window.</summary>
    int Window { get; }

    /// <summary>New data was acknowledged outside of recovery.</summary>
    void OnAcknowledged(in CongestionSample sample);

    /// <summary>Loss was inferred from acknowledgments: once for each recovery.</summary>
    void OnLoss(int inFlight);

    /// <summary>The retransmission timer expired.</summary>
    /// <param name="isFirst">Not the next one for the same data, and not in a recovery: the threshold is lowered once.</param>
    void OnTimeout(int inFlight, bool isFirst);

    /// <summary>The last loss or time-out was none (RFC 4015, RFC 9438 §4.9): the state of before returns.</summary>
    void Undo();

    /// <summary>Nothing was sent for longer than a retransmission time-out (RFC 5681 §4.1).</summary>
    void OnIdle();
}

/// <summary>What an acknowledgment tells congestion control.</summary>
/// <param name="Bytes">Newly acknowledged.</param>
/// <param name="RoundTrip">Smoothed, in microseconds.</param>
/// <param name="Sample">The round trip that this acknowledgment shows; -1: none.</param>
/// <param name="Una">SND.UNA as a position.</param>
/// <param name="Next">SND.NXT as a position.</param>
/// <param name="IsLimited">The window was what held the sender back; it grows only then.</param>
internal readonly record struct CongestionSample(
    int Bytes,
    long Now,
    long RoundTrip,
    long Sample,
    long Una,
    long Next,
    bool IsLimited
);
