using System.Buffers;
using System.Runtime.CompilerServices;

namespace Telepresence.Protocol.Tunnel;

/// <summary>
/// Writes tunnel messages to an HTTP/2 stream. One writer at a time. Nothing is allocated for a message, and its body is copied
/// only to stand behind its prefix in the first frame, where the stream does not put the two together itself.
/// </summary>
public sealed class TunnelWriter(Stream stream)
{
    private const int FrameLength = 16384;

    private readonly IPrefixedWriter? _joining = stream as IPrefixedWriter;
    private readonly byte[] _prefix = new byte[TunnelMessageCodec.MaxPrefixLength];
    private byte[]? _kept;
    private int _keptLength;

    /// <summary>One message, flushed.</summary>
    public async ValueTask WriteAsync(
        TunnelMessageCode code,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    )
    {
        await WriteAsync(code, body, flush: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A Data message. Leave out the flush only when another message follows at once.</summary>
    public ValueTask WriteDataAsync(ReadOnlyMemory<byte> body, bool flush, CancellationToken cancellationToken) =>
        WriteAsync(TunnelMessageCode.Data, body, flush, cancellationToken);

    /// <summary>
    /// A Data message that is kept back, if it is short, to share a frame with those that follow: a frame for each datagram
    /// costs more than the datagram. <see cref="FlushAsync"/> must follow.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AppendDataAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var whole = TunnelMessageCodec.PrefixLength(body.Length) + body.Length;
        if (_keptLength + whole > FrameLength)
            await WriteKeptAsync(cancellationToken).ConfigureAwait(false);
        if (whole > FrameLength)
        {
            await WriteAsync(TunnelMessageCode.Data, body, flush: false, cancellationToken).ConfigureAwait(false);
            return;
        }
        _kept ??= ArrayPool<byte>.Shared.Rent(FrameLength);
        var prefix = TunnelMessageCodec.WritePrefix(_kept.AsSpan(_keptLength), TunnelMessageCode.Data, body.Length);
        body.Span.CopyTo(_kept.AsSpan(_keptLength + prefix));
        _keptLength += whole;
    }

    /// <summary>Sends what was written without a flush, and what was kept back.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) =>
        _kept is null ? stream.FlushAsync(cancellationToken) : FlushKeptAsync(cancellationToken);

    private async Task FlushKeptAsync(CancellationToken cancellationToken)
    {
        await WriteKeptAsync(cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteKeptAsync(CancellationToken cancellationToken)
    {
        if (_kept is not { } kept)
            return;
        var length = _keptLength;
        (_kept, _keptLength) = (null, 0);
        try
        {
            await stream.WriteAsync(kept.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(kept);
        }
    }

    private ValueTask WriteAsync(
        TunnelMessageCode code,
        ReadOnlyMemory<byte> body,
        bool flush,
        CancellationToken cancellationToken
    )
    {
        var length = TunnelMessageCodec.WritePrefix(_prefix, code, body.Length);
        return _joining is null
            ? WriteJoinedAsync(length, body, flush, cancellationToken)
            : _joining.WriteAsync(_prefix.AsMemory(0, length), body, flush, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteJoinedAsync(
        int prefix,
        ReadOnlyMemory<byte> body,
        bool flush,
        CancellationToken cancellationToken
    )
    {
        // Prefix and payload share the first frame: a prefix of its own would cost a frame and a transport write.
        var copied = Math.Min(body.Length, FrameLength - prefix);
        var head = ArrayPool<byte>.Shared.Rent(prefix + copied);
        try
        {
            _prefix.AsSpan(0, prefix).CopyTo(head);
            body.Span[..copied].CopyTo(head.AsSpan(prefix));
            await stream.WriteAsync(head.AsMemory(0, prefix + copied), cancellationToken).ConfigureAwait(false);
            if (copied < body.Length)
                await stream.WriteAsync(body[copied..], cancellationToken).ConfigureAwait(false);
            if (flush)
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
        }
    }
}
