namespace Telepresence.Protocol.Http2;

/// <summary>
/// What the peer may send on one stream. The window doubles, up to a bound, when its reader is through half of it in less than two
/// round trips and waits for more: then it is the window that holds up the peer. A reader that falls behind makes it
/// smaller again. Nothing needs to be sent to find that out, and peers drop clients that ping.
/// </summary>
/// <param name="initial">As SETTINGS_INITIAL_WINDOW_SIZE says; never smaller.</param>
/// <param name="bound">Never larger.</param>
/// <param name="now">Any clock's time.</param>
internal struct ReceiveWindow(int initial, int bound, long now)
{
    private readonly int _initial = initial;
    private readonly int _bound = bound;
    private int _credit = initial;
    private int _unread;
    private long _granted = now;

    /// <summary>What is unread and what may come, in bytes.</summary>
    public int Size { get; private set; } = initial;

    /// <summary>A DATA frame came. False: larger than allowed.</summary>
    public bool TryReceive(int count)
    {
        if (count > _credit)
            return false;
        _credit -= count;
        _unread += count;
        return true;
    }

    /// <summary>The reader has taken so much. Returns what to send in a WINDOW_UPDATE; 0: nothing yet.</summary>
    /// <param name="now">The same clock's time.</param>
    /// <param name="roundTrip">In its unit; 0: not known.</param>
    public int Consume(int count, long now, long roundTrip)
    {
        _unread -= count;
        if (_credit + _unread > Size / 2)
            return 0;
        if (_unread > Size / 4)
            Size = Math.Max(_initial, Size / 2);
        else if (now - _granted < 2 * roundTrip)
            Size = (int)Math.Min(_bound, Size * 2L);
        _granted = now;
        var increment = Math.Max(0, Size - _credit - _unread);
        _credit += increment;
        return increment;
    }
}
