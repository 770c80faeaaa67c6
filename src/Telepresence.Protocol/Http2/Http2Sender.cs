using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>
/// Everything that goes out. Frames are gathered in one buffer while another one is on its way, so that what many streams have
/// to say shares few writes of the transport; whoever finds nothing on its way writes at once, without a timer or another thread.
/// </summary>
internal sealed class Http2Sender : IThreadPoolWorkItem
{
    // A caller writes for others, too, while its own bytes are the reason: longer, and a thread of the pool goes on.
    private const int WritesInline = 2;

    private readonly Lock _gate = new();
    private readonly Http2PeerSettings _peer;
    private readonly Http2FrameWriter _frames;
    private readonly Http2SendQueue _queue;
    private readonly Http2WindowUpdates _updates = new();
    private readonly Stream _transport;
    private readonly Http2ConnectionOptions _options;
    private readonly Action<Exception> _onFailure;
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _write;
    private Action? _onWritten;
    private Exception? _failure;
    private bool _isWriting;
    private bool _hasSettings;
    private int _replies;
    private int _lastOpened;
    private int _lastSent;

    /// <param name="transport">Stays the connection's. What is written to it goes out without a flush.</param>
    /// <param name="onFailure">The transport is broken; called once, without a lock.</param>
    public Http2Sender(Stream transport, Http2ConnectionOptions options, Action<Exception> onFailure)
    {
        _transport = transport;
        _options = options;
        _onFailure = onFailure;
        _peer = new Http2PeerSettings();
        _frames = new Http2FrameWriter(options.WriteQuantum + Http2SendQueue.LeastPart);
        _queue = new Http2SendQueue(_frames, _peer, options.WriteQuantum);
    }

    /// <summary>Of <see cref="Http2PeerSettings.MaxConcurrentStreams"/>.</summary>
    public long MaxConcurrentStreams
    {
        get
        {
            lock (_gate)
                return _peer.MaxConcurrentStreams;
        }
    }

    /// <summary>
    /// Sends a request's HEADERS, and its only message with the end. Without one they wait a moment for the first message.
    /// </summary>
    /// <param name="add">Gives the stream its number, which is the order on the wire, and makes it known.</param>
    /// <exception cref="Http2Exception">The connection is over, or does not get rid of the requests that it has.</exception>
    public void Open(Http2RequestBody body, Func<int> add, IReadOnlyList<HeaderField> headers, byte[]? onlyMessage)
    {
        bool isMine;
        lock (_gate)
        {
            if (_failure is { } failure)
                throw Http2Exception.Unsent(failure);
            if (_frames.Length > _options.MaxUnsent)
                throw Http2Exception.Crowded();
            body.Window = new SendWindow(_peer.InitialWindowSize);
            _lastOpened = body.StreamId = add();
            _frames.WriteHeaders(body.StreamId, headers, _peer.MaxFrameSize);
            if (onlyMessage is not null)
            {
                body.Load(default, onlyMessage);
                body.End();
                _queue.Add(body);
            }
            isMine = onlyMessage is not null && TryBegin();
        }
        if (isMine)
            Write();
        else if (onlyMessage is null)
            ThreadPool.UnsafeQueueUserWorkItem(static sender => sender.Flush(), this, preferLocal: true);
    }

    /// <summary>Sends a prefix and a payload as one. Completes when both are in a buffer that goes out, or was flushed later.</summary>
    /// <param name="flush">False only when more follows at once.</param>
    /// <exception cref="IOException">The stream or the connection is over.</exception>
    public ValueTask WriteAsync(
        Http2RequestBody body,
        ReadOnlyMemory<byte> prefix,
        ReadOnlyMemory<byte> payload,
        bool flush,
        CancellationToken cancellationToken
    )
    {
        ValueTask written = default;
        bool isMine;
        bool waits;
        lock (_gate)
        {
            ThrowIfFailed(body);
            cancellationToken.ThrowIfCancellationRequested();
            body.Load(prefix, payload);
            _queue.Add(body);
            waits = body.HasPending;
            if (waits)
                written = body.Await();
            isMine = (flush || waits || _frames.Length >= _options.WriteQuantum / 2) && TryBegin();
        }
        if (isMine)
            Write();
        if (waits && cancellationToken.CanBeCanceled)
            body.CancelWith(cancellationToken);
        return written;
    }

    /// <summary>No more of the request.</summary>
    public void End(Http2RequestBody body)
    {
        bool isMine;
        lock (_gate)
        {
            if (body.Failure is not null || _failure is not null)
                return;
            body.End();
            _queue.Add(body);
            isMine = TryBegin();
        }
        if (isMine)
            Write();
    }

    /// <summary>What was written without a flush goes out.</summary>
    public void Flush()
    {
        bool isMine;
        lock (_gate)
            isMine = TryBegin();
        if (isMine)
            Write();
    }

    /// <summary>Nothing more is sent on the stream. With a code the peer is told.</summary>
    public void Reset(Http2RequestBody body, Exception reason, Http2ErrorCode? code)
    {
        bool isMine;
        lock (_gate)
        {
            body.Fail(reason);
            if (code is { } told && _failure is null)
                _frames.WriteReset(body.StreamId, told);
            isMine = TryBegin();
        }
        if (isMine)
            Write();
    }

    /// <summary>The connection preface and our SETTINGS, with which the connection's window is as large as it shall be.</summary>
    public void Begin()
    {
        lock (_gate)
            _frames.WritePreface(_options);
        Flush();
    }

    /// <summary>The peer may send more.</summary>
    /// <param name="body">Null: on all streams together.</param>
    public void UpdateWindow(Http2RequestBody? body, int increment)
    {
        bool isMine;
        lock (_gate)
        {
            _updates.Add(body, increment);
            isMine = TryBegin();
        }
        if (isMine)
            Write();
    }

    public void GoAway(Http2ErrorCode code)
    {
        bool isMine;
        lock (_gate)
        {
            _frames.WriteGoAway(code);
            isMine = TryBegin();
        }
        if (isMine)
            Write();
    }

    /// <summary>Answers a PING.</summary>
    /// <exception cref="Http2Exception">The peer asks for more and takes nothing.</exception>
    public void Pong(ReadOnlySpan<byte> opaque)
    {
        bool isMine;
        lock (_gate)
        {
            CountReply();
            _frames.WritePong(opaque);
            isMine = TryBegin();
        }
        if (isMine)
            Write();
    }

    /// <summary>Takes the peer's SETTINGS and answers them.</summary>
    /// <param name="streams">All that are open: what they may send changes, too.</param>
    /// <exception cref="Http2Exception">They break the protocol, or come faster than the answers leave.</exception>
    public void Apply(ReadOnlySpan<byte> settings, Func<List<Http2Stream>> streams)
    {
        bool isMine;
        lock (_gate)
        {
            CountReply();
            var before = _peer.InitialWindowSize;
            _peer.Apply(settings, isFirst: !_hasSettings);
            _hasSettings = true;
            if (_peer.InitialWindowSize != before)
            {
                foreach (var stream in streams())
                {
                    if (!stream.Request.Window.TryAdd(_peer.InitialWindowSize - before))
                        throw Http2Exception.OfConnection(Http2ErrorCode.FlowControlError, "a window too large");
                    _queue.Enqueue(stream.Request);
                }
            }
            _frames.WriteSettingsTaken();
            isMine = TryBegin();
        }
        if (isMine)
            Write();
    }

    /// <summary>WINDOW_UPDATE.</summary>
    /// <param name="body">Null: of the connection.</param>
    /// <exception cref="Http2Exception">More than 2^31-1.</exception>
    public void AddWindow(Http2RequestBody? body, int increment)
    {
        bool isMine;
        lock (_gate)
        {
            if (body is null)
            {
                if (!_queue.TryAddWindow(increment))
                    throw Http2Exception.OfConnection(Http2ErrorCode.FlowControlError, "a window too large");
            }
            else
            {
                if (!body.Window.TryAdd(increment))
                    throw Http2Exception.OfStream(Http2ErrorCode.FlowControlError, "a window too large");
                _queue.Enqueue(body);
            }
            isMine = !_queue.IsEmpty && TryBegin();
        }
        if (isMine)
            Write();
    }

    /// <summary>A write that waits is given up.</summary>
    public void Abandon(Http2RequestBody body, CancellationToken token)
    {
        lock (_gate)
        {
            if (!body.HasPending)
                return;
            // A message that is cut off within cannot be followed by another.
            if (body.IsUntouched)
                body.Abandon(new OperationCanceledException(token));
            else
                body.Fail(new OperationCanceledException(token));
        }
    }

    /// <summary>Nothing is sent any more.</summary>
    /// <returns>Of streams with a higher number the transport was given nothing.</returns>
    public int Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            return _lastSent;
        }
    }

    /// <summary>Goes on where a caller stopped.</summary>
    void IThreadPoolWorkItem.Execute() => Write();

    private void ThrowIfFailed(Http2RequestBody body)
    {
        if ((body.Failure ?? _failure) is { } failure)
            throw failure is Http2Exception or OperationCanceledException
                ? failure
                : new IOException(failure.Message, failure);
    }

    private void CountReply()
    {
        if (++_replies > _options.MaxReplies)
            throw Http2Exception.OfConnection(Http2ErrorCode.EnhanceYourCalm, "it asks for more and reads no answers");
    }

    /// <summary>The caller has to <see cref="Write"/> once it has left the lock.</summary>
    private bool TryBegin()
    {
        if (_isWriting || _failure is not null || (_frames.Length == 0 && _queue.IsEmpty && _updates.IsEmpty))
            return false;
        return _isWriting = true;
    }

    /// <summary>Writes until there is nothing to write. Only one does so at a time: whom <see cref="TryBegin"/> has told to.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "Its awaiter is used once, here or when it calls back.")]
    private void Write()
    {
        for (var writes = 0; ; writes++)
        {
            var bytes = ReadOnlyMemory<byte>.Empty;
            lock (_gate)
            {
                if (_failure is null)
                {
                    _updates.WriteTo(_frames);
                    _queue.Gather();
                }
                if (_failure is not null || _frames.Length == 0)
                {
                    _isWriting = false;
                    return;
                }
                if (writes < WritesInline)
                {
                    bytes = _frames.Take();
                    _replies = 0;
                    _lastSent = _lastOpened;
                }
            }
            if (writes == WritesInline)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
            _write = Transmit(bytes).ConfigureAwait(false).GetAwaiter();
            if (!_write.IsCompleted)
            {
                // Writers go on while the transport is busy.
                lock (_gate)
                    _queue.Gather();
                _write.UnsafeOnCompleted(_onWritten ??= OnWritten);
                return;
            }
            if (!IsWritten())
                return;
        }
    }

    /// <summary>Transports may throw at once, too, as NetworkStream does once it was disposed.</summary>
    private ValueTask Transmit(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return _transport.WriteAsync(bytes, CancellationToken.None);
        }
#pragma warning disable CA1031 // Whoever awaits gets it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return ValueTask.FromException(e);
        }
    }

    private void OnWritten()
    {
        if (IsWritten())
            Write();
    }

    private bool IsWritten()
    {
        try
        {
            _write.GetResult();
            return true;
        }
#pragma warning disable CA1031 // Whatever a transport throws ends the connection.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // Still as one who writes: nobody else may begin.
            _onFailure(e);
            return false;
        }
    }
}
