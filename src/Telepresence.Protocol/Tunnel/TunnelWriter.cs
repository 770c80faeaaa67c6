using System.Buffers;
using System.Runtime.CompilerServices;

namespace Telepresence.Protocol.Tunnel;

/// <summary>
/// Writes tunnel messages to an HTTP/2 stream. One writer at a time. Nothing is allocated for a message, and what does not
/// fit the first DATA frame is not copied.
/// </summary>
public sealed class TunnelWriter(Stream stream)
{
    private const int FrameLength = 16384;

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

    /// <summary>Sends what was written without a flush.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(
        TunnelMessageCode code,
        ReadOnlyMemory<byte> body,
        bool flush,
        CancellationToken cancellationToken
    )
    {
        // Prefix and payload share the first frame: a prefix of its own would cost a frame and a transport write.
        var whole = TunnelMessageCodec.PrefixLength(body.Length) + body.Length;
        var head = ArrayPool<byte>.Shared.Rent(Math.Min(whole, FrameLength));
        try
        {
            var prefix = TunnelMessageCodec.WritePrefix(head, code, body.Length);
            var copied = Math.Min(body.Length, FrameLength - prefix);
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
