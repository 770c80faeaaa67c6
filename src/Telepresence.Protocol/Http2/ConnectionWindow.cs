namespace Telepresence.Protocol.Http2;

/// <summary>
/// What the peer may send on all streams together. It is given back when bytes arrive, not when they are read, so that a
/// stream that nobody reads holds up no other; only when unread bytes become too many it waits for readers.
/// </summary>
/// <param name="size">The window.</param>
/// <param name="maxUnread">From here on the window shrinks by what is unread.</param>
internal sealed class ConnectionWindow(int size, int maxUnread)
{
    private readonly Lock _gate = new();
    private readonly int _size = size;
    private int _credit = size;
    private long _unread;

    /// <summary>A DATA frame came. False: larger than allowed.</summary>
    /// <param name="increment">What to send in a WINDOW_UPDATE; 0: nothing.</param>
    public bool TryReceive(int count, out int increment)
    {
        lock (_gate)
        {
            increment = 0;
            if (count > _credit)
                return false;
            _credit -= count;
            _unread += count;
            increment = Grant();
            return true;
        }
    }

    /// <summary>Bytes were read, or thrown away. Returns what to send in a WINDOW_UPDATE; 0: nothing.</summary>
    public int Consume(int count)
    {
        lock (_gate)
        {
            _unread -= count;
            return Grant();
        }
    }

    private int Grant()
    {
        var target = Math.Min(_size, _size + maxUnread - _unread);
        if (target - _credit < _size / 4)
            return 0;
        var increment = (int)(target - _credit);
        _credit += increment;
        return increment;
    }
}
