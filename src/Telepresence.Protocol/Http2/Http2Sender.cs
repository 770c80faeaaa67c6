using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Http2;

/// <summary>
/// Everything that goes out. Frames are gathered in one buffer while another one is on its way, so that what many streams have
/// to say shares few writes of the transport; whoever finds nothing on its way writes at once, without a timer or another thread.
/// Streams that wait take turns, a frame each.
/// </summary>
/// <param name="transport">Stays the connection's. What is written to it goes out without a flush.</param>
/// <param name="onFailure">The transport is broken; called once, without a lock.</param>
internal sealed class Http2Sender(Stream transport, Http2ConnectionOptions options, Action<Exception> onFailure)
    : IThreadPoolWorkItem
{
    // A caller writes for others, too, while its own bytes are the reason: longer, and a thread of the pool goes on.
    private const int WritesInline = 2;

    // Less is not worth a frame of its own when the next buffer has room for all.
    private const int LeastPart = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<Http2RequestBody> _ready = new();
    private readonly Http2PeerSettings _peer = new();
    private readonly ArrayBufferWriter<byte> _block = new();
    private ArrayBufferWriter<byte> _filling = new(options.WriteQuantum + LeastPart);
    private ArrayBufferWriter<byte> _sending = new(options.WriteQuantum + LeastPart);
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _write;
    private Action? _onWritten;
    private SendWindow _window = new(Http2PeerSettings.DefaultWindowSize);
    private Exception? _failure;
    private bool _isWriting;
    private bool _hasSettings;
    private bool _hasSentBlock;
    private int _replies;

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
    /// <exception cref="IOException">The connection is over.</exception>
    public void Open(Http2RequestBody body, Func<int> add, IReadOnlyList<HeaderField> headers, byte[]? onlyMessage)
    {
        bool isMine;
        lock (_gate)
        {
            ThrowIfFailed(body);
            body.Window = new SendWindow(_peer.InitialWindowSize);
            body.StreamId = add();
            AppendHeaders(body.StreamId, headers);
            if (onlyMessage is not null)
            {
                body.Load(default, onlyMessage);
                body.End();
                AppendOrQueue(body);
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
            AppendOrQueue(body);
            waits = body.HasPending;
            if (waits)
                written = body.Await();
            isMine = (flush || waits || _filling.WrittenCount >= options.WriteQuantum / 2) && TryBegin();
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
            AppendOrQueue(body);
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
                AppendWord(Http2FrameType.RstStream, body.StreamId, (uint)told);
            isMine = TryBegin();
        }
        if (isMine)
            Write();
    }

    /// <summary>The connection preface and our SETTINGS, with which the connection's window is as large as it shall be.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _filling.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
            const int count = 4;
            AppendHeader(count * 6, Http2FrameType.Settings, Http2FrameFlags.None, 0);
            AppendSetting(Http2Setting.EnablePush, 0);
            AppendSetting(Http2Setting.InitialWindowSize, options.InitialStreamWindow);
            AppendSetting(Http2Setting.MaxFrameSize, options.MaxFrameSize);
            AppendSetting(Http2Setting.MaxHeaderListSize, options.MaxHeaderListSize);
            AppendWord(
                Http2FrameType.WindowUpdate,
                0,
                (uint)(options.ConnectionWindow - Http2PeerSettings.DefaultWindowSize)
            );
        }
        Flush();
    }

    public void UpdateWindow(int streamId, int increment)
    {
        bool isMine;
        lock (_gate)
        {
            AppendWord(Http2FrameType.WindowUpdate, streamId, (uint)increment);
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
            AppendHeader(8, Http2FrameType.GoAway, Http2FrameFlags.None, 0);
            AppendInteger(0);
            AppendInteger((uint)code);
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
            AppendHeader(opaque.Length, Http2FrameType.Ping, Http2FrameFlags.Ack, 0);
            _filling.Write(opaque);
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
                    Queue(stream.Request);
                }
            }
            AppendHeader(0, Http2FrameType.Settings, Http2FrameFlags.Ack, 0);
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
                if (!_window.TryAdd(increment))
                    throw Http2Exception.OfConnection(Http2ErrorCode.FlowControlError, "a window too large");
            }
            else
            {
                if (!body.Window.TryAdd(increment))
                    throw Http2Exception.OfStream(Http2ErrorCode.FlowControlError, "a window too large");
                Queue(body);
            }
            isMine = _ready.Count > 0 && TryBegin();
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
    public void Fail(Exception failure)
    {
        lock (_gate)
            _failure ??= failure;
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
        if (++_replies > options.MaxReplies)
            throw Http2Exception.OfConnection(Http2ErrorCode.EnhanceYourCalm, "it asks for more and reads no answers");
    }

    /// <summary>The caller has to <see cref="Write"/> once it has left the lock.</summary>
    private bool TryBegin()
    {
        if (_isWriting || _failure is not null || (_filling.WrittenCount == 0 && _ready.Count == 0))
            return false;
        return _isWriting = true;
    }

    private void AppendOrQueue(Http2RequestBody body)
    {
        // Not past others that wait already.
        while (_ready.Count == 0 && body.HasPending && TryAppendData(body)) { }
        if (body.HasPending)
            Queue(body);
    }

    private void Queue(Http2RequestBody body)
    {
        if (body.IsQueued || !body.HasPending || (body.Left > 0 && body.Window.Available == 0))
            return;
        body.IsQueued = true;
        _ready.Enqueue(body);
    }

    /// <summary>Fills the buffer with what streams have to send.</summary>
    private void Gather()
    {
        while (_ready.TryPeek(out var body))
        {
            if (body.HasPending && !TryAppendData(body) && body.Window.Available > 0)
                return;
            _ready.Dequeue();
            body.IsQueued = false;
            if (!body.HasPending)
                body.Complete();
            else
                Queue(body);
        }
    }

    /// <summary>One frame. False: no window, or no room.</summary>
    private bool TryAppendData(Http2RequestBody body)
    {
        var room = options.WriteQuantum - _filling.WrittenCount - Http2FrameHeader.Size;
        var allowed = Math.Min(Math.Min(body.Window.Available, _window.Available), _peer.MaxFrameSize);
        var length = Math.Min(Math.Min(body.Left, room), allowed);
        if (body.Left > 0 && (length <= 0 || (length == room && length < body.Left && length < LeastPart)))
            return false;
        length = Math.Max(0, length);
        var frame = _filling.GetSpan(Http2FrameHeader.Size + length);
        var isLast = body.Take(frame.Slice(Http2FrameHeader.Size, length));
        var flags = isLast ? Http2FrameFlags.EndStream : Http2FrameFlags.None;
        new Http2FrameHeader(length, Http2FrameType.Data, flags, body.StreamId).Write(frame);
        _filling.Advance(Http2FrameHeader.Size + length);
        body.Window.Take(length);
        _window.Take(length);
        return true;
    }

    private void AppendHeaders(int streamId, IReadOnlyList<HeaderField> headers)
    {
        _block.ResetWrittenCount();
        if (!_hasSentBlock)
            _block.Write([HpackEncoder.EmptyTable]);
        _hasSentBlock = true;
        foreach (var header in headers)
            HpackEncoder.Write(_block, header);
        var block = _block.WrittenSpan;
        var type = Http2FrameType.Headers;
        do
        {
            var part = block[..Math.Min(block.Length, _peer.MaxFrameSize)];
            block = block[part.Length..];
            var flags = block.IsEmpty ? Http2FrameFlags.EndHeaders : Http2FrameFlags.None;
            AppendHeader(part.Length, type, flags, streamId);
            _filling.Write(part);
            type = Http2FrameType.Continuation;
        } while (!block.IsEmpty);
    }

    private void AppendHeader(int length, Http2FrameType type, Http2FrameFlags flags, int streamId)
    {
        new Http2FrameHeader(length, type, flags, streamId).Write(_filling.GetSpan(Http2FrameHeader.Size));
        _filling.Advance(Http2FrameHeader.Size);
    }

    private void AppendWord(Http2FrameType type, int streamId, uint word)
    {
        AppendHeader(sizeof(uint), type, Http2FrameFlags.None, streamId);
        AppendInteger(word);
    }

    private void AppendSetting(Http2Setting setting, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_filling.GetSpan(sizeof(ushort)), (ushort)setting);
        _filling.Advance(sizeof(ushort));
        AppendInteger((uint)value);
    }

    private void AppendInteger(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_filling.GetSpan(sizeof(uint)), value);
        _filling.Advance(sizeof(uint));
    }

    /// <summary>Writes until there is nothing to write. Only one does so at a time: whom <see cref="TryBegin"/> has told to.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "Its awaiter is used once, here or when it calls back.")]
    private void Write()
    {
        for (var writes = 0; ; writes++)
        {
            lock (_gate)
            {
                if (_failure is null)
                    Gather();
                if (_failure is not null || _filling.WrittenCount == 0)
                {
                    _isWriting = false;
                    return;
                }
                if (writes < WritesInline)
                {
                    (_filling, _sending) = (_sending, _filling);
                    _filling.ResetWrittenCount();
                    _replies = 0;
                }
            }
            if (writes == WritesInline)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
            _write = transport
                .WriteAsync(_sending.WrittenMemory, CancellationToken.None)
                .ConfigureAwait(false)
                .GetAwaiter();
            if (!_write.IsCompleted)
            {
                // Writers go on while the transport is busy.
                lock (_gate)
                    Gather();
                _write.UnsafeOnCompleted(_onWritten ??= OnWritten);
                return;
            }
            if (!IsWritten())
                return;
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
            Fail(e);
            onFailure(e);
            return false;
        }
    }
}
