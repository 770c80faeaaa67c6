namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// TLP (RFC 8985 §7): when a flight's end stays unanswered, one segment goes out before the retransmission timer expires,
/// so that its acknowledgment lets <see cref="Rack"/> find what is missing. Times are the loop's microseconds.
/// </summary>
internal struct TailLossProbe
{
    /// <summary>Before the first sample of the round trip.</summary>
    private const long Initial = 1_000_000;

    /// <summary>The longest that a Linux receiver delays an acknowledgment (<c>TCP_DELACK_MAX</c>).</summary>
    private const long MaximumAcknowledgmentDelay = 200_000;

    /// <summary>The peer's scheduler and our timer need some time too; the Linux kernel allows as much.</summary>
    private const long Granularity = 2_000;

    private long _end;
    private bool _isRetransmission;

    /// <summary>A probe is out, and its acknowledgment is not yet here.</summary>
    public bool IsOut { get; private set; }

    /// <summary>When to probe (RFC 8985 §7.2), not later than the retransmission timer expires.</summary>
    public static long Deadline(long now, long smoothed, bool isSingle, long retransmissionAt)
    {
        var timeout = smoothed == 0 ? Initial : (2 * smoothed) + (isSingle ? MaximumAcknowledgmentDelay : Granularity);
        return Math.Min(now + timeout, retransmissionAt);
    }

    /// <param name="end">SND.NXT behind the probe.</param>
    public void OnSent(long end, bool isRetransmission)
    {
        _end = end;
        _isRetransmission = isRetransmission;
        IsOut = true;
    }

    /// <summary>
    /// An acknowledgment came (RFC 8985 §7.4.2). True when the probe has repaired a loss, which is congestion then.
    /// </summary>
    /// <param name="reportsProbe">It carries a DSACK: probe and original have both arrived.</param>
    public bool OnAcknowledged(long position, bool reportsProbe, bool isDuplicate)
    {
        if (!IsOut || position < _end)
        {
            return false;
        }

        if (!_isRetransmission || reportsProbe)
        {
            IsOut = false;
            return false;
        }

        if (position > _end)
        {
            IsOut = false;
            return true;
        }

        IsOut = !isDuplicate;
        return false;
    }

    /// <summary>Recovery, or a time-out, tells what the probe would have.</summary>
    public void Cancel() => IsOut = false;
}
