namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>How much may be in flight. All amounts in bytes, times in microseconds.</summary>
internal interface ICongestionControl
{
    /// <summary>The congestion window.</summary>
    int Window { get; }

    /// <summary>New data was acknowledged outside of recovery.</summary>
    /// <param name="limited">Whether the window was what held the sender back; it grows only then.</param>
    void OnAcknowledged(int bytes, long now, long roundTrip, bool limited);

    /// <summary>Loss was inferred from acknowledgments: once for each recovery.</summary>
    void OnLoss(int inFlight, long now);

    /// <summary>The retransmission timer expired.</summary>
    void OnTimeout(int inFlight, long now);

    /// <summary>Nothing was sent for longer than a retransmission time-out (RFC 5681 §4.1).</summary>
    void OnIdle();
}
