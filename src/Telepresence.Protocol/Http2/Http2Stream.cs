using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>
/// A request and its response: written, it is the request's body; read, the response's. One writer and one reader at a time.
/// Disposing it resets what is still open.
/// </summary>
internal sealed class Http2Stream : DuplexStream, IPrefixedWriter
{
    private const int RequestEnded = 1;
    private const int ResponseEnded = 2;
    private const int Closed = RequestEnded | ResponseEnded;

    private readonly Http2Connection _connection;
    private readonly TaskCompletionSource<Http2Response> _response = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );
    private volatile IReadOnlyList<HeaderField> _trailers = [];
    private readonly long _opened;
    private int _state;

    public Http2Stream(Http2Connection connection, ReceiveWindow window)
    {
        _connection = connection;
        _opened = connection.Now;
        Request = new Http2RequestBody(this, connection.Sender);
        Body = new Http2ResponseBody(this, connection.Segments, window);
    }

    /// <summary>Odd; 0 until the HEADERS are sent.</summary>
    public int Id => Request.StreamId;

    /// <summary>Status and headers.</summary>
    /// <exception cref="IOException">The stream was reset, or the connection ended, before.</exception>
    public Task<Http2Response> Response => _response.Task;

    /// <summary>What came after the response's body; empty until its end.</summary>
    public IReadOnlyList<HeaderField> Trailers => _trailers;

    internal Http2RequestBody Request { get; }

    internal Http2ResponseBody Body { get; }

    internal long Now => _connection.Now;

    internal long RoundTrip => _connection.RoundTrip;

    /// <summary>Nothing more may come.</summary>
    internal bool IsResponseEnded => (Volatile.Read(ref _state) & ResponseEnded) != 0;

    /// <summary>No more of the request.</summary>
    public void CompleteRequest() => _connection.Sender.End(Request);

    /// <summary>Ends what is still open; whoever reads or writes gets the reason.</summary>
    public void Reset(Http2ErrorCode code, Exception reason)
    {
        var isOpen = TryEnd();
        _connection.Sender.Reset(Request, reason, isOpen ? code : null);
        FailResponse(reason, always: true);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Body.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        WriteAsync(default, buffer, flush: false, cancellationToken);

    /// <inheritdoc/>
    public ValueTask WriteAsync(
        ReadOnlyMemory<byte> prefix,
        ReadOnlyMemory<byte> payload,
        bool flush,
        CancellationToken cancellationToken
    ) => _connection.Sender.WriteAsync(Request, prefix, payload, flush, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        Flush();
        return Task.CompletedTask;
    }

    public override void Flush() => _connection.Sender.Flush();

    /// <summary>HEADERS came, the first or the last ones.</summary>
    /// <exception cref="Http2Exception">Of the stream: malformed.</exception>
    internal void OnHeaders(List<HeaderField> fields, bool isEnd)
    {
        if (_response.Task.IsCompleted)
        {
            if (!isEnd)
                throw Http2Exception.OfStream(Http2ErrorCode.ProtocolError, "trailers without an end");
            _trailers = Http2Response.ParseTrailers(fields);
            return;
        }
        var response = Http2Response.Parse(fields);
        _connection.OnAnswered(_opened);
        if (!response.IsInterim)
            _response.TrySetResult(response);
        else if (isEnd)
            throw Http2Exception.OfStream(Http2ErrorCode.ProtocolError, "an interim response with an end");
    }

    /// <summary>END_STREAM came.</summary>
    /// <exception cref="Http2Exception">Of the stream: there was no response.</exception>
    internal void OnResponseEnded()
    {
        if (!_response.Task.IsCompleted)
            throw Http2Exception.OfStream(Http2ErrorCode.ProtocolError, "an end without a response");
        Body.End();
        if (Interlocked.Or(ref _state, ResponseEnded) == RequestEnded)
            _connection.Streams.Remove(this);
    }

    /// <summary>END_STREAM stands in the buffer that goes out next.</summary>
    internal void OnRequestEnded()
    {
        if (Interlocked.Or(ref _state, RequestEnded) == ResponseEnded)
            _connection.Streams.Remove(this);
    }

    /// <summary>The peer's RST_STREAM, or the connection's end. A response that had come to its end stays.</summary>
    internal void OnFailed(Exception failure)
    {
        TryEnd();
        _connection.Sender.Reset(Request, failure, null);
        FailResponse(failure, always: false);
    }

    /// <summary>Bytes were read.</summary>
    /// <param name="increment">What the stream's window is to grow by; 0: nothing yet.</param>
    internal void OnRead(int count, int increment)
    {
        if (increment > 0)
            _connection.Sender.UpdateWindow(Request, increment);
        _connection.OnRead(count);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Reset(Http2ErrorCode.Cancel, new OperationCanceledException("The stream was given up."));
        base.Dispose(disposing);
    }

    private void FailResponse(Exception failure, bool always)
    {
        // Nobody may ever ask.
        if (_response.TrySetException(failure))
            _ = _response.Task.Exception;
        Body.Fail(failure, always);
    }

    private bool TryEnd()
    {
        if (Interlocked.Exchange(ref _state, Closed) == Closed)
            return false;
        _connection.Streams.Remove(this);
        return true;
    }
}
