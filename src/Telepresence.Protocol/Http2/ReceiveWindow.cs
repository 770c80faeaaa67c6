namespace Telepresence.Protocol.Http2;

/// <summary>
/// What the peer may send on one stream. The window doubles, up to a bound, when its reader is through half of it in less than two
/// round trips and waits for more: then it is the window that holds up the peer. Nothing needs to be sent to find that out,
/// and peers drop clients that ping.
/// </summary>
/// <param name="initial">As SETTINGS_INITIAL_WINDOW_SIZE says.</param>
/// <param name="bound">Never larger.</param>
/// <param name="now">Any clock's time.</param>
internal struct ReceiveWindow(int initial, int bound, long now)
{
    private int _credit = initial;
    private int _read;
    private long _granted = now;

    /// <summary>Bytes.</summary>
    public int Size { get; private set; } = initial;

    /// <summary>A DATA frame came. False: larger than allowed.</summary>
    public bool TryReceive(int count)
    {
        if (count > _credit)
            return false;
        _credit -= count;
        return true;
    }

    /// <summary>The reader has taken so much. Returns what to send in a WINDOW_UPDATE; 0: nothing yet.</summary>
    /// <param name="unread">What still waits for the reader.</param>
    /// <param name="now">The same clock's time.</param>
    /// <param name="roundTrip">In its unit; 0: not known.</param>
    public int Consume(int count, int unread, long now, long roundTrip)
    {
        _read += count;
        if (_read < Size / 2)
            return 0;
        var increment = _read;
        if (unread < Size / 4 && now - _granted < 2 * roundTrip)
        {
            var larger = (int)Math.Min(bound, Size * 2L);
            increment += larger - Size;
            Size = larger;
        }
        _credit += increment;
        _read = 0;
        _granted = now;
        return increment;
    }
}
