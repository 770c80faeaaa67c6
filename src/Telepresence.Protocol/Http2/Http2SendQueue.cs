namespace Telepresence.Protocol.Http2;

/// <summary>
/// Which stream's DATA goes out next: streams that wait take turns, a frame each, as far as the windows and the buffer allow.
/// Called under the <see cref="Http2Sender"/>'s lock.
/// </summary>
/// <param name="quantum">DATA is added to the buffer up to here, in bytes.</param>
internal sealed class Http2SendQueue(Http2FrameWriter frames, Http2PeerSettings peer, int quantum)
{
    /// <summary>Less is not worth a frame of its own when the next buffer has room for all.</summary>
    public const int LeastPart = 1024;

    private readonly Queue<Http2RequestBody> _ready = new();
    private SendWindow _window = new(Http2PeerSettings.DefaultWindowSize);

    /// <summary>No stream waits for its turn. One may wait for its window.</summary>
    public bool IsEmpty => _ready.Count == 0;

    /// <summary>Sends what a stream has loaded at once, or has it wait for its turn.</summary>
    public void Add(Http2RequestBody body)
    {
        // Not past others that wait already.
        while (_ready.Count == 0 && body.HasPending && TryWrite(body)) { }
        if (body.HasPending)
            Enqueue(body);
    }

    /// <summary>The stream may have something to send, and a window to send it.</summary>
    public void Enqueue(Http2RequestBody body)
    {
        if (body.IsQueued || !body.HasPending || (body.Left > 0 && body.Window.Available == 0))
            return;
        body.IsQueued = true;
        _ready.Enqueue(body);
    }

    /// <summary>Fills the buffer with what streams have to send.</summary>
    public void Gather()
    {
        while (_ready.TryPeek(out var body))
        {
            if (body.HasPending && !TryWrite(body) && body.Window.Available > 0)
                return;
            _ready.Dequeue();
            body.IsQueued = false;
            if (!body.HasPending)
                body.Complete();
            else
                Enqueue(body);
        }
    }

    /// <summary>WINDOW_UPDATE of the connection. False: more than 2^31-1.</summary>
    public bool TryAddWindow(int increment) => _window.TryAdd(increment);

    /// <summary>One frame. False: no window, or no room.</summary>
    private bool TryWrite(Http2RequestBody body)
    {
        var room = quantum - frames.Length - Http2FrameHeader.Size;
        var allowed = Math.Min(Math.Min(body.Window.Available, _window.Available), peer.MaxFrameSize);
        var length = Math.Min(Math.Min(body.Left, room), allowed);
        if (body.Left > 0 && (length <= 0 || (length == room && length < body.Left && length < LeastPart)))
            return false;
        length = Math.Max(0, length);
        frames.WriteData(body, length);
        body.Window.Take(length);
        _window.Take(length);
        return true;
    }
}
