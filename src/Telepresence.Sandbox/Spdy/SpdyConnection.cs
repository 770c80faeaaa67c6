using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Telepresence.Sandbox.Spdy;

/// <summary>The server's side of one SPDY/3.1 connection, as Kubernetes' upgraded connections use it.</summary>
/// <remarks>
/// Windows are not kept: Kubernetes' client and server send no WINDOW_UPDATE and heed none, and one that waited for it would stop
/// after 64 KiB. SETTINGS and WINDOW_UPDATE are read and let pass.
/// </remarks>
internal sealed class SpdyConnection : IDisposable
{
    private const int MaxControlFrame = 64 * 1024;
    private const int MaxStreams = 4096;
    private readonly Stream _transport;
    private readonly Func<SpdyStream, ValueTask> _onStream;
    private readonly ConcurrentDictionary<uint, SpdyStream> _streams = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SpdyHeaderInflater _inflater = new();
    private readonly SpdyHeaderDeflater _deflater = new();
    private readonly byte[] _frame = new byte[SpdyFrameHeader.Size];
    private uint _lastStreamId;

    /// <param name="onStream">Called from the reading loop for each SYN_STREAM, after the SYN_REPLY; must not wait for data.</param>
    public SpdyConnection(Stream transport, Func<SpdyStream, ValueTask> onStream)
    {
        _transport = transport;
        _onStream = onStream;
    }

    /// <summary>Reads until the peer closes or says GOAWAY.</summary>
    /// <exception cref="SpdyProtocolException">The peer does not speak SPDY/3.1.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            var header = new byte[SpdyFrameHeader.Size];
            while (await ReadHeaderAsync(header, cancellationToken).ConfigureAwait(false))
            {
                var frame = SpdyFrameHeader.Parse(header);
                if (frame.IsControl)
                {
                    if (!await ReadControlAsync(frame, cancellationToken).ConfigureAwait(false))
                    {
                        return;
                    }
                }
                else
                {
                    await ReadDataAsync(frame, cancellationToken).ConfigureAwait(false);
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
            foreach (var stream in _streams.Values)
            {
                await stream.Received.CompleteAsync(failure ?? new EndOfStreamException()).ConfigureAwait(false);
            }
        }
    }

    public void Dispose()
    {
        _inflater.Dispose();
        _writing.Dispose();
    }

    internal void Forget(uint id) => _streams.TryRemove(id, out _);

    internal async ValueTask WriteDataAsync(
        uint id,
        ReadOnlyMemory<byte> data,
        bool fin,
        CancellationToken cancellationToken
    )
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SpdyFrameHeader.WriteData(_frame, id, fin ? SpdyFrameHeader.FlagFin : (byte)0, data.Length);
            await _transport.WriteAsync(_frame, cancellationToken).ConfigureAwait(false);
            if (!data.IsEmpty)
            {
                await _transport.WriteAsync(data, cancellationToken).ConfigureAwait(false);
            }
            await _transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    internal ValueTask ResetAsync(uint id, SpdyStatus status, CancellationToken cancellationToken)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(payload, id);
        BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4), (uint)status);
        return WriteControlAsync(SpdyFrameType.RstStream, payload, cancellationToken);
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

    private async ValueTask<bool> ReadControlAsync(SpdyFrameHeader frame, CancellationToken cancellationToken)
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
                await OpenAsync(frame, payload, cancellationToken).ConfigureAwait(false);
                break;
            case SpdyFrameType.Headers:
            case SpdyFrameType.SynReply:
                // Read only to keep the compression state of the connection in step.
                Require(payload, 4);
                _inflater.Inflate(payload.AsSpan(4));
                break;
            case SpdyFrameType.RstStream:
                Require(payload, 8);
                if (_streams.TryRemove(BinaryPrimitives.ReadUInt32BigEndian(payload), out var reset))
                {
                    await reset
                        .Received.CompleteAsync(new IOException("The peer reset the stream."))
                        .ConfigureAwait(false);
                }
                break;
            case SpdyFrameType.Ping:
                Require(payload, 4);
                // Even numbers would be answers to pings of ours, and none is ever sent.
                if ((payload[3] & 1) == 1)
                {
                    await WriteControlAsync(SpdyFrameType.Ping, payload, cancellationToken).ConfigureAwait(false);
                }
                break;
            case SpdyFrameType.GoAway:
                return false;
        }
        return true;
    }

    private async ValueTask OpenAsync(SpdyFrameHeader frame, byte[] payload, CancellationToken cancellationToken)
    {
        Require(payload, 10);
        var id = BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7FFFFFFF;
        var headers = SpdyHeaderBlock.Parse(_inflater.Inflate(payload.AsSpan(10)));
        if ((id & 1) == 0 || id <= _lastStreamId)
        {
            throw new SpdyProtocolException($"Stream {id} cannot be opened after {_lastStreamId} by a client.");
        }
        _lastStreamId = id;
        if (_streams.Count >= MaxStreams)
        {
            await ResetAsync(id, SpdyStatus.RefusedStream, cancellationToken).ConfigureAwait(false);
            return;
        }
        var stream = new SpdyStream(this, id, headers);
        _streams[id] = stream;
        if (frame.IsFin)
        {
            await stream.EndReceivedAsync().ConfigureAwait(false);
        }
        await ReplyAsync(id, cancellationToken).ConfigureAwait(false);
        await _onStream(stream).ConfigureAwait(false);
    }

    private async ValueTask ReplyAsync(uint id, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Under the lock: the order of the blocks on the wire is the order of the compression.
            var block = _deflater.Deflate(SpdyHeaderBlock.Format([]));
            var bytes = new byte[SpdyFrameHeader.Size + 4 + block.Length];
            SpdyFrameHeader.WriteControl(bytes, SpdyFrameType.SynReply, 0, 4 + block.Length);
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(SpdyFrameHeader.Size), id);
            block.CopyTo(bytes, SpdyFrameHeader.Size + 4);
            await _transport.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            await _transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async ValueTask WriteControlAsync(SpdyFrameType type, byte[] payload, CancellationToken cancellationToken)
    {
        var bytes = new byte[SpdyFrameHeader.Size + payload.Length];
        SpdyFrameHeader.WriteControl(bytes, type, 0, payload.Length);
        payload.CopyTo(bytes, SpdyFrameHeader.Size);
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _transport.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            await _transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
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
            var memory = stream.Received.GetMemory(Math.Min(remaining, 64 * 1024));
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

    private static void Require(byte[] payload, int length)
    {
        if (payload.Length < length)
        {
            throw new SpdyProtocolException($"A control frame of {payload.Length} bytes; {length} are the least.");
        }
    }
}
