namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// Spreads a reduction of the congestion window over a recovery (RFC 9937): so much goes out as arrives, scaled down, with
/// neither a pause at the start nor a burst at the end. Bytes everywhere.
/// </summary>
internal struct ProportionalRateReduction
{
    private long _flight;
    private long _threshold;
    private long _delivered;
    private long _sent;

    /// <summary>How much may be in flight now.</summary>
    public long Window { get; private set; }

    /// <param name="flight">Outstanding when the recovery began (<c>RecoverFS</c>).</param>
    /// <param name="threshold">The window to arrive at.</param>
    public void Begin(long flight, long threshold)
    {
        _flight = Math.Max(flight, 1);
        _threshold = threshold;
        _delivered = 0;
        _sent = 0;
        Window = 0;
    }

    /// <param name="delivered">Newly acknowledged and newly reported.</param>
    /// <param name="progresses">The cumulative acknowledgment moved and nothing else was found lost (<c>SafeACK</c>).</param>
    public void OnAcknowledged(long delivered, long inFlight, int segmentSize, bool progresses)
    {
        _delivered += delivered;
        long allowance;
        if (inFlight > _threshold)
        {
            allowance = ((_delivered * _threshold) + _flight - 1) / _flight - _sent;
        }
        else
        {
            var limit = Math.Max(_delivered - _sent, delivered) + (progresses ? segmentSize : 0);
            allowance = Math.Min(_threshold - inFlight, limit);
        }

        // The first retransmission always goes out; and where nothing is on its way, nothing else would bring an answer.
        Window = inFlight + Math.Max(allowance, _sent == 0 || inFlight == 0 ? segmentSize : 0);
    }

    public void OnSent(long bytes) => _sent += bytes;
}
