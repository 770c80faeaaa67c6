namespace Telepresence.Protocol.Http2;

/// <summary>How much the peer takes (RFC 9113 §6.9.1). Below zero after the peer has lowered the initial size: then it has to make up first.</summary>
internal struct SendWindow(int initial)
{
    private long _available = initial;

    /// <summary>Bytes that may be sent now; 0 or more.</summary>
    public readonly int Available => (int)Math.Max(0, _available);

    /// <param name="count">At most <see cref="Available"/>.</param>
    public void Take(int count) => _available -= count;

    /// <summary>WINDOW_UPDATE, or what SETTINGS_INITIAL_WINDOW_SIZE has changed by. False: past 2^31-1, the peer's error.</summary>
    public bool TryAdd(int delta)
    {
        if (_available + delta > int.MaxValue)
            return false;
        _available += delta;
        return true;
    }
}
