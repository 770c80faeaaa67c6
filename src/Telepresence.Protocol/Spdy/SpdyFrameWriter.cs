using System.Buffers.Binary;

namespace Telepresence.Protocol.Spdy;

/// <summary>Writes the frames of one connection, one after another. Safe for concurrent use.</summary>
internal sealed class SpdyFrameWriter : IDisposable
{
    /// <summary>More than that is unsent only when the peer asks and asks and reads no answer.</summary>
    private const int MaxPosted = 1024;
    private const int MaxData = 64 * 1024;
    private readonly Stream _transport;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SpdyHeaderDeflater _deflater = new();
    private readonly Queue<Control> _posted = new();
    private readonly byte[] _data = new byte[SpdyFrameHeader.Size + MaxData];
    private Task _posting = Task.CompletedTask;

    public SpdyFrameWriter(Stream transport) => _transport = transport;

    private readonly record struct Control(
        SpdyFrameType Type,
        byte[] Payload,
        IReadOnlyCollection<KeyValuePair<string, string>>? Headers
    );

    /// <summary>
    /// Sends a control frame as soon as the transport is free: a reader must not wait for a writer that waits for the peer.
    /// A transport that fails shows in what is read.
    /// </summary>
    /// <param name="headers">Compressed behind the payload, in the order of the frames on the wire.</param>
    /// <exception cref="SpdyProtocolException">The peer does not read what it asks for.</exception>
    public void Post(
        SpdyFrameType type,
        byte[] payload,
        IReadOnlyCollection<KeyValuePair<string, string>>? headers = null
    )
    {
        lock (_posted)
        {
            if (_posted.Count >= MaxPosted)
            {
                throw new SpdyProtocolException($"{MaxPosted} control frames wait for a peer that does not read.");
            }
            _posted.Enqueue(new Control(type, payload, headers));
        }
        if (_writing.Wait(0, CancellationToken.None))
        {
            _posting = WritePostedAndReleaseAsync();
        }
    }

    /// <summary>At most 64 KiB a frame.</summary>
    /// <param name="cancellationToken">Gives up waiting; a frame that has begun is finished.</param>
    public async ValueTask WriteDataAsync(
        uint id,
        ReadOnlyMemory<byte> data,
        bool fin,
        CancellationToken cancellationToken
    )
    {
        do
        {
            var part = data[..Math.Min(data.Length, MaxData)];
            data = data[part.Length..];
            await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // What was posted before this stream's data may be what opens the stream.
                await WritePostedAsync().ConfigureAwait(false);
                var flags = fin && data.IsEmpty ? SpdyFrameHeader.FlagFin : (byte)0;
                SpdyFrameHeader.WriteData(_data, id, flags, part.Length);
                part.CopyTo(_data.AsMemory(SpdyFrameHeader.Size));
                await SendAsync(_data.AsMemory(0, SpdyFrameHeader.Size + part.Length)).ConfigureAwait(false);
            }
            finally
            {
                _writing.Release();
            }
            if (HasPosted() && _writing.Wait(0, CancellationToken.None))
            {
                _posting = WritePostedAndReleaseAsync();
            }
        } while (!data.IsEmpty);
    }

    /// <summary>Once the transport is closed.</summary>
    public void Dispose() =>
        _posting.ContinueWith(
            static (_, writing) => ((SemaphoreSlim)writing!).Dispose(),
            _writing,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );

    private async Task WritePostedAndReleaseAsync()
    {
        do
        {
            try
            {
                await WritePostedAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                lock (_posted)
                {
                    _posted.Clear();
                }
            }
            finally
            {
                _writing.Release();
            }
        } while (HasPosted() && _writing.Wait(0, CancellationToken.None));
    }

    private bool HasPosted()
    {
        lock (_posted)
        {
            return _posted.Count > 0;
        }
    }

    private async ValueTask WritePostedAsync()
    {
        while (true)
        {
            Control control;
            lock (_posted)
            {
                if (!_posted.TryDequeue(out control))
                {
                    return;
                }
            }
            var block = control.Headers is { } headers ? _deflater.Deflate(SpdyHeaderBlock.Format(headers)) : [];
            var length = control.Payload.Length + block.Length;
            var bytes = new byte[SpdyFrameHeader.Size + length];
            SpdyFrameHeader.WriteControl(bytes, control.Type, 0, length);
            control.Payload.CopyTo(bytes, SpdyFrameHeader.Size);
            block.CopyTo(bytes, SpdyFrameHeader.Size + control.Payload.Length);
            await SendAsync(bytes).ConfigureAwait(false);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> frame)
    {
        // Not to be cancelled: half a frame would make the rest of the connection unreadable.
        await _transport.WriteAsync(frame, CancellationToken.None).ConfigureAwait(false);
        await _transport.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Numbers of 32 bits, as most control frames consist of.</summary>
    public static byte[] Words(params ReadOnlySpan<uint> words)
    {
        var bytes = new byte[4 * words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), words[i]);
        }
        return bytes;
    }
}
