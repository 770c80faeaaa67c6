using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>
/// The client's side of an HTTP/2 connection (RFC 9113) with prior knowledge. It never pings: peers drop clients that do.
/// </summary>
internal sealed class Http2Connection : IDisposable
{
    private readonly Stream _transport;
    private readonly Http2ConnectionOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ConnectionWindow _window;
    private readonly long _began;
    private long _roundTrip;
    private int _isOver;

    private Http2Connection(Stream transport, Http2ConnectionOptions options, TimeProvider timeProvider)
    {
        _transport = transport;
        _options = options;
        _timeProvider = timeProvider;
        _window = new ConnectionWindow(options.ConnectionWindow, options.MaxUnread);
        Sender = new Http2Sender(transport, options, End);
        // Not here and now: whoever ends the last stream may hold the sender's lock.
        Streams = new Http2StreamTable(() =>
            ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.EndDrained(), this, preferLocal: false)
        );
        _began = Now;
    }

    /// <summary>New streams may be opened. A transport that was closed below us shows at once, before the loop that reads learns of it.</summary>
    public bool IsOpen => Streams.IsOpen && _transport.CanWrite;

    /// <summary>The connection has ended; never fails.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    internal Http2Sender Sender { get; }

    internal Http2StreamTable Streams { get; }

    internal SegmentPool Segments { get; } = new();

    /// <summary>In the clock's units.</summary>
    internal long Now => _timeProvider.GetTimestamp();

    /// <summary>The least that the peer has needed for an answer so far, in units of <see cref="Now"/>; 0: not known.</summary>
    internal long RoundTrip => Volatile.Read(ref _roundTrip);

    /// <summary>Sends the preface and begins to read.</summary>
    /// <param name="transport">Owned.</param>
    public static Http2Connection Start(Stream transport, Http2ConnectionOptions options, TimeProvider timeProvider)
    {
        var connection = new Http2Connection(transport, options, timeProvider);
        connection.Sender.Begin();
        connection.Completion = connection.ReadAsync();
        return connection;
    }

    /// <summary>Begins a request, once the peer allows another stream.</summary>
    /// <param name="headers">With the pseudo-headers first; the caller waits for <see cref="Http2Stream.Response"/>.</param>
    /// <param name="onlyMessage">The whole body, not to be changed; null: it is written to the stream.</param>
    /// <exception cref="Http2Exception">The connection takes no more, for the time being or for ever.</exception>
    public async ValueTask<Http2Stream> OpenAsync(
        IReadOnlyList<HeaderField> headers,
        byte[]? onlyMessage,
        CancellationToken cancellationToken
    )
    {
        await Streams.ReserveAsync(cancellationToken).ConfigureAwait(false);
        var stream = new Http2Stream(
            this,
            new ReceiveWindow(_options.InitialStreamWindow, _options.MaxStreamWindow, Now)
        );
        try
        {
            Sender.Open(stream.Request, () => Streams.Add(stream), headers, onlyMessage);
        }
        catch
        {
            if (stream.Id == 0)
                Streams.Release();
            throw;
        }
        return stream;
    }

    /// <summary>Closes the transport; streams that are open fail.</summary>
    public void Dispose()
    {
        Sender.GoAway(Http2ErrorCode.NoError);
        End(new OperationCanceledException("The connection was closed."));
    }

    /// <summary>Our SETTINGS are acknowledged.</summary>
    internal void OnAnswered() => OnAnswered(_began);

    /// <summary>The peer answered what was sent then. Called by the loop that reads.</summary>
    internal void OnAnswered(long sent)
    {
        var needed = Math.Max(1, Now - sent);
        if (_roundTrip == 0 || needed < _roundTrip)
            Volatile.Write(ref _roundTrip, needed);
    }

    /// <summary>DATA came.</summary>
    /// <exception cref="Http2Exception">More than the window allows.</exception>
    internal void OnData(int length)
    {
        if (!_window.TryReceive(length, out var increment))
            throw Http2Exception.OfConnection(Http2ErrorCode.FlowControlError, "more data than its window allows");
        if (increment > 0)
            Sender.UpdateWindow(null, increment);
    }

    /// <summary>Bytes of DATA need no memory any more.</summary>
    internal void OnRead(int count)
    {
        if (_window.Consume(count) is > 0 and var increment)
            Sender.UpdateWindow(null, increment);
    }

    /// <summary>The peer takes no more streams, and will not answer those above a number.</summary>
    internal void OnFarewell(Http2ErrorCode code, int lastServed)
    {
        var reason = Http2Exception.GoneAway(code, isUnprocessed: true);
        foreach (var stream in Streams.Close(reason, lastServed))
            stream.OnFailed(reason);
    }

    private void EndDrained() => End(new EndOfStreamException("The connection has served its last stream."));

    private async Task ReadAsync()
    {
        try
        {
            End(await new Http2Receiver(this, _transport, _options).RunAsync().ConfigureAwait(false));
        }
#pragma warning disable CA1031 // Whatever a transport throws ends the connection; its streams tell.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (e is Http2Exception fault)
                Sender.GoAway(fault.ErrorCode);
            End(e);
        }
    }

    private void End(Exception cause)
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        // Callers know these; a transport may throw others, as a port-forward does.
        var reason = cause is IOException or OperationCanceledException or ObjectDisposedException
            ? cause
            : new IOException(cause.Message, cause);
        // First the table: whoever finds that nothing is sent any more must find the connection over.
        var streams = Streams.Close(reason, lastServed: 0);
        var lastSent = Sender.Fail(reason);
        foreach (var stream in streams)
            stream.OnFailed(stream.Id > lastSent ? Http2Exception.Unsent(reason) : reason);
        _transport.Dispose();
    }
}
