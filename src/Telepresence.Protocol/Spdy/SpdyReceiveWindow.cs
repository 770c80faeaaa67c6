namespace Telepresence.Protocol.Spdy;

/// <summary>Counts what was read of a window that this side keeps, and says when to give it back.</summary>
/// <param name="size">Bytes; 0: no window is kept.</param>
internal struct SpdyReceiveWindow(int size)
{
    private int _consumed;

    /// <summary>What to put into a WINDOW_UPDATE; 0: not yet. Half a window at a time, so that updates are few.</summary>
    public uint Consume(int count)
    {
        _consumed += count;
        if (size == 0 || _consumed < size / 2)
        {
            return 0;
        }
        var delta = (uint)_consumed;
        _consumed = 0;
        return delta;
    }
}
