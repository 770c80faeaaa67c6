using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Telepresence.Protocol.Spdy;

/// <summary>One side of a SPDY/3.1 connection, as Kubernetes' upgraded connections use it.</summary>
public sealed class SpdyConnection : IDisposable
{
    private const int MaxControlFrame = 64 * 1024;
    private const int MaxStreams = 4096;
    private const uint IdMask = 0x7FFFFFFF;
    private const uint InitialWindowSize = 7;
    private readonly Stream _transport;
    private readonly bool _isClient;
    private readonly Func<SpdyStream, ValueTask>? _onStream;
    private readonly int _window;
    private readonly ConcurrentDictionary<uint, SpdyStream> _streams = new();
    private readonly SpdyFrameWriter _writer;
    private readonly SpdyHeaderInflater _inflater = new();
    private readonly Lock _opening = new();
    private SpdyReceiveWindow _receiveWindow;
    private uint _lastPeerId;
    private uint _lastId;
    private bool _isGoing;

    private SpdyConnection(Stream transport, bool isClient, int window, Func<SpdyStream, ValueTask>? onStream)
    {
        _transport = transport;
        _isClient = isClient;
        _window = window;
        _receiveWindow = new SpdyReceiveWindow(window);
        _onStream = onStream;
        _writer = new SpdyFrameWriter(transport);
    }

    /// <summary>The side that opens streams. It keeps windows: a peer that knows none lets the updates pass.</summary>
    /// <param name="transport">After the upgrade; stays the caller's.</param>
    public static SpdyConnection Client(Stream transport) => new(transport, true, SpdyStream.ReceiveLimit, null);

    /// <summary>
    /// The side that streams are opened with. As Kubernetes' servers it keeps no windows and heeds none: to heed them alone
    /// would be a deadlock, with the updates behind data that nobody reads before something may be sent.
    /// </summary>
    /// <param name="transport">After the upgrade; stays the caller's.</param>
    /// <param name="onStream">Called from the reading loop for each SYN_STREAM, after the SYN_REPLY; must not wait for data.</param>
    public static SpdyConnection Server(Stream transport, Func<SpdyStream, ValueTask> onStream) =>
        new(transport, false, 0, onStream);

    internal SpdySendWindows Windows { get; } = new();

    private uint PeerParity => _isClient ? 0u : 1u;

    /// <summary>Reads until the transport ends, or the peer has said GOAWAY and no stream is left.</summary>
    /// <exception cref="SpdyProtocolException">The peer does not speak SPDY/3.1.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            Announce();
            var header = new byte[SpdyFrameHeader.Size];
            while (await ReadHeaderAsync(header, cancellationToken).ConfigureAwait(false))
            {
                var frame = SpdyFrameHeader.Parse(header);
                if (frame.IsControl)
                {
                    await ReadControlAsync(frame, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await ReadDataAsync(frame, cancellationToken).ConfigureAwait(false);
                }
                if (Volatile.Read(ref _isGoing) && _streams.IsEmpty)
                {
                    return;
                }
            }
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            lock (_opening)
            {
                _isGoing = true;
            }
            Windows.End();
            foreach (var stream in _streams.Values)
            {
                await stream.FailAsync(Ended(failure)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Opens a stream; <see cref="SpdyStream.Replied"/> says whether the peer takes it.</summary>
    /// <exception cref="IOException">The peer goes away, or has gone.</exception>
    public SpdyStream Open(IReadOnlyDictionary<string, string> headers)
    {
        lock (_opening)
        {
            if (_isGoing || _streams.Count >= MaxStreams)
            {
                throw new IOException("The SPDY connection takes no more streams.");
            }
            _lastId = _lastId == 0 ? (_isClient ? 1u : 2u) : _lastId + 2;
            var stream = new SpdyStream(this, _lastId, headers, new SpdyReceiveWindow(_window));
            Add(stream);
            // Stream, no associated stream, priority and slot 0.
            _writer.Post(SpdyFrameType.SynStream, [.. SpdyFrameWriter.Words(_lastId, 0), 0, 0], [.. headers]);
            return stream;
        }
    }

    /// <summary>Tells the peer that no stream follows; the transport may be closed then.</summary>
    public void GoAway()
    {
        lock (_opening)
        {
            if (_isGoing)
            {
                return;
            }
            _isGoing = true;
        }
        _writer.Post(SpdyFrameType.GoAway, SpdyFrameWriter.Words(_lastPeerId, 0));
    }

    /// <summary>Once the transport is closed and <see cref="RunAsync"/> has ended.</summary>
    public void Dispose()
    {
        _inflater.Dispose();
        _writer.Dispose();
    }

    internal void Forget(uint id)
    {
        _streams.TryRemove(id, out _);
        Windows.Remove(id);
    }

    internal ValueTask WriteDataAsync(
        uint id,
        ReadOnlyMemory<byte> data,
        bool fin,
        CancellationToken cancellationToken
    ) => _writer.WriteDataAsync(id, data, fin, cancellationToken);

    internal void Reset(uint id, SpdyStatus status) =>
        _writer.Post(SpdyFrameType.RstStream, SpdyFrameWriter.Words(id, (uint)status));

    internal void Consumed(uint id, int count, ref SpdyReceiveWindow window)
    {
        if (window.Consume(count) is > 0 and var forStream)
        {
            _writer.Post(SpdyFrameType.WindowUpdate, SpdyFrameWriter.Words(id, forStream));
        }
        uint forAll;
        lock (_opening)
        {
            forAll = _receiveWindow.Consume(count);
        }
        if (forAll > 0)
        {
            _writer.Post(SpdyFrameType.WindowUpdate, SpdyFrameWriter.Words(0, forAll));
        }
    }

    private static IOException Ended(Exception? failure) =>
        failure is null or OperationCanceledException
            ? new EndOfStreamException("The connection ended.")
            : new IOException(failure.Message, failure);

    /// <summary>The windows that this side keeps, in place of the protocol's 64 KiB.</summary>
    private void Announce()
    {
        if (_window == 0)
        {
            return;
        }
        _writer.Post(SpdyFrameType.Settings, SpdyFrameWriter.Words(1, InitialWindowSize, (uint)_window));
        _writer.Post(SpdyFrameType.WindowUpdate, SpdyFrameWriter.Words(0, (uint)(_window - SpdySendWindows.Initial)));
    }

    private void Add(SpdyStream stream)
    {
        _streams[stream.Id] = stream;
        Windows.Add(stream.Id);
    }

    private async ValueTask<bool> ReadHeaderAsync(byte[] header, CancellationToken cancellationToken)
    {
        var read = await _transport
            .ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        return read switch
        {
            0 => false,
            SpdyFrameHeader.Size => true,
            _ => throw new SpdyProtocolException("The connection ended within a frame header."),
        };
    }

    private async ValueTask ReadControlAsync(SpdyFrameHeader frame, CancellationToken cancellationToken)
    {
        if (frame.Length > MaxControlFrame)
        {
            throw new SpdyProtocolException($"A control frame of {frame.Length} bytes; {MaxControlFrame} are allowed.");
        }
        var payload = new byte[frame.Length];
        await _transport.ReadExactlyAsync(payload, cancellationToken).ConfigureAwait(false);
        switch (frame.Type)
        {
            case SpdyFrameType.SynStream:
                await AcceptAsync(frame, payload).ConfigureAwait(false);
                break;
            case SpdyFrameType.Headers:
            case SpdyFrameType.SynReply:
                // Inflated also where nobody asks, to keep the compression state of the connection in step.
                Require(payload, 4);
                _inflater.Inflate(payload.AsSpan(4));
                await HeardAsync(frame, Word(payload, 0) & IdMask).ConfigureAwait(false);
                break;
            case SpdyFrameType.RstStream:
                Require(payload, 8);
                if (_streams.TryRemove(Word(payload, 0) & IdMask, out var reset))
                {
                    await reset.FailAsync(new IOException("The peer reset the stream.")).ConfigureAwait(false);
                    Windows.Remove(reset.Id);
                }
                break;
            case SpdyFrameType.Ping:
                Require(payload, 4);
                // The other numbers would be answers to pings of ours, and none is ever sent.
                if ((payload[3] & 1) == PeerParity)
                {
                    _writer.Post(SpdyFrameType.Ping, payload);
                }
                break;
            case SpdyFrameType.WindowUpdate when _window > 0:
                Require(payload, 8);
                Windows.Raise(Word(payload, 0) & IdMask, Word(payload, 4) & IdMask);
                break;
            case SpdyFrameType.Settings when _window > 0:
                Apply(payload);
                break;
            case SpdyFrameType.GoAway:
                lock (_opening)
                {
                    _isGoing = true;
                }
                break;
        }
    }

    private void Apply(byte[] settings)
    {
        Require(settings, 4);
        for (var at = 4; at + 8 <= settings.Length; at += 8)
        {
            if ((Word(settings, at) & 0xFFFFFF) == InitialWindowSize)
            {
                Windows.SetInitial(Word(settings, at + 4) & IdMask);
            }
        }
    }

    private async ValueTask HeardAsync(SpdyFrameHeader frame, uint id)
    {
        if (!_streams.TryGetValue(id, out var stream))
        {
            return;
        }
        stream.SetReplied();
        if (frame.IsFin)
        {
            await stream.EndReceivedAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask AcceptAsync(SpdyFrameHeader frame, byte[] payload)
    {
        Require(payload, 10);
        var id = Word(payload, 0) & IdMask;
        var headers = SpdyHeaderBlock.Parse(_inflater.Inflate(payload.AsSpan(10)));
        if ((id & 1) != PeerParity || id <= _lastPeerId)
        {
            throw new SpdyProtocolException($"Stream {id} cannot be opened after {_lastPeerId} by this peer.");
        }
        _lastPeerId = id;
        if (_onStream is null || _streams.Count >= MaxStreams)
        {
            Reset(id, SpdyStatus.RefusedStream);
            return;
        }
        var stream = new SpdyStream(this, id, headers, new SpdyReceiveWindow(_window));
        Add(stream);
        if (frame.IsFin)
        {
            await stream.EndReceivedAsync().ConfigureAwait(false);
        }
        _writer.Post(SpdyFrameType.SynReply, SpdyFrameWriter.Words(id), []);
        await _onStream(stream).ConfigureAwait(false);
    }

    private async ValueTask ReadDataAsync(SpdyFrameHeader frame, CancellationToken cancellationToken)
    {
        var remaining = frame.Length;
        if (!_streams.TryGetValue(frame.StreamId, out var stream) || stream.IsPeerDone)
        {
            await DropAsync(remaining, cancellationToken).ConfigureAwait(false);
            return;
        }
        while (remaining > 0)
        {
            var memory = stream.Received.GetMemory(Math.Min(remaining, 16 * 1024));
            var read = await _transport
                .ReadAsync(memory[..Math.Min(memory.Length, remaining)], cancellationToken)
                .ConfigureAwait(false);
            if (read == 0)
            {
                throw new SpdyProtocolException("The connection ended within a data frame.");
            }
            remaining -= read;
            stream.Received.Advance(read);
            var flushed = await stream.Received.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (flushed.IsCompleted)
            {
                await DropAsync(remaining, cancellationToken).ConfigureAwait(false);
                break;
            }
        }
        if (frame.IsFin)
        {
            await stream.EndReceivedAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask DropAsync(int length, CancellationToken cancellationToken)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(Math.Clamp(length, 1, 64 * 1024));
        try
        {
            while (length > 0)
            {
                var part = scratch.AsMemory(0, Math.Min(scratch.Length, length));
                await _transport.ReadExactlyAsync(part, cancellationToken).ConfigureAwait(false);
                length -= part.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static uint Word(byte[] payload, int at) => BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(at));

    private static void Require(byte[] payload, int length)
    {
        if (payload.Length < length)
        {
            throw new SpdyProtocolException($"A control frame of {payload.Length} bytes; {length} are the least.");
        }
    }
}
