namespace Telepresence.Protocol.Http2;

/// <summary>
/// What windows are to grow by, one sum for each while the transport is busy: a peer that sends and does not read makes no
/// queue longer. Called under the <see cref="Http2Sender"/>'s lock.
/// </summary>
internal sealed class Http2WindowUpdates
{
    private readonly Queue<Http2RequestBody> _streams = new();
    private int _connection;

    /// <summary>No window is to grow.</summary>
    public bool IsEmpty => _connection == 0 && _streams.Count == 0;

    /// <param name="body">Null: the connection's.</param>
    public void Add(Http2RequestBody? body, int increment)
    {
        if (body is null)
        {
            _connection = Sum(_connection, increment);
            return;
        }
        if (body.WindowUpdate == 0)
            _streams.Enqueue(body);
        body.WindowUpdate = Sum(body.WindowUpdate, increment);
    }

    /// <summary>Moves them into the buffer.</summary>
    public void WriteTo(Http2FrameWriter frames)
    {
        if (_connection > 0)
            frames.WriteWindowUpdate(0, _connection);
        _connection = 0;
        while (_streams.TryDequeue(out var body))
        {
            // A stream that was reset has no window.
            if (body.Failure is null)
                frames.WriteWindowUpdate(body.StreamId, body.WindowUpdate);
            body.WindowUpdate = 0;
        }
    }

    /// <summary>Only a peer that uses what it was not told of comes to the bound.</summary>
    private static int Sum(int one, int other) => (int)Math.Min(int.MaxValue, (long)one + other);
}
