using System.Buffers;
using System.Runtime.CompilerServices;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Protocol.Tunnel;

/// <summary>
/// Reads tunnel messages off an HTTP/2 stream. The body of a message is read straight into the caller's memory; only what
/// came along with the prefix is copied. While nothing is there to read, no buffer is held. One reader at a time.
/// </summary>
public sealed class TunnelReader(Stream stream, int maxMessageSize = GrpcFraming.DefaultMaxMessageSize) : IDisposable
{
    // Small, so that most of a long body needs no copy; large enough for many short messages in one read.
    private const int StagingLength = 2048;

    // For datagrams, which come many at a time: a read of the stream for each costs more than copying it.
    private const int LongStagingLength = 32 * 1024;

    private byte[]? _staging;
    private int _start;
    private int _end;
    private int _afterBody;
    private int _bodyLength;
    private bool _isBusy;

    /// <summary>What the present message is.</summary>
    public TunnelMessageCode Code { get; private set; }

    /// <summary>Bytes of its body that were not read yet.</summary>
    public int Remaining { get; private set; }

    /// <summary>Goes to the next message, over what is left of the present one. False: the stream ended.</summary>
    /// <exception cref="TunnelFormatException">No tunnel message, or cut short.</exception>
    /// <exception cref="RpcException">ResourceExhausted: too long. Others as the stream has them.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (Remaining > 0)
            await SkipAsync(cancellationToken).ConfigureAwait(false);
        _start += _afterBody;
        _afterBody = 0;
        while (true)
        {
            var kind = TunnelMessageCodec.ReadPrefix(
                _staging.AsSpan(_start, _end - _start),
                out var messageLength,
                out var prefixLength,
                out var code,
                out var bodyLength
            );
            if (kind == TunnelMessageCodec.PrefixKind.Compressed)
                throw new TunnelFormatException("The message is compressed, but no compression was agreed on.");
            if (kind == TunnelMessageCodec.PrefixKind.TooLong || messageLength > maxMessageSize)
                throw GrpcFraming.TooLong(maxMessageSize);
            if (kind == TunnelMessageCodec.PrefixKind.Usual)
            {
                _start += prefixLength;
                Code = code;
                Remaining = _bodyLength = bodyLength;
                return true;
            }
            if (kind == TunnelMessageCodec.PrefixKind.Unusual)
            {
                await ReadUnusualAsync(messageLength, cancellationToken).ConfigureAwait(false);
                return true;
            }
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                if (_end > _start)
                    throw CutShort();
                return false;
            }
        }
    }

    /// <summary>The next bytes of the body; 0 only when none remain.</summary>
    /// <exception cref="TunnelFormatException">Cut short.</exception>
    public ValueTask<int> ReadBodyAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        var wanted = Math.Min(destination.Length, Remaining);
        var staged = Math.Min(wanted, _end - _start);
        if (staged == 0)
            return wanted == 0 ? new(0) : ReadStreamAsync(destination[..wanted], cancellationToken);
        _staging.AsSpan(_start, staged).CopyTo(destination.Span);
        _start += staged;
        Remaining -= staged;
        return new(staged);
    }

    /// <summary>The rest of the body, in memory of the caller's.</summary>
    /// <returns>How much of <paramref name="destination"/> was filled; what does not fit stays in <see cref="Remaining"/>.</returns>
    public async ValueTask<int> ReadWholeBodyAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        var filled = 0;
        while (Remaining > 0 && filled < destination.Length)
            filled += await ReadBodyAsync(destination[filled..], cancellationToken).ConfigureAwait(false);
        return filled;
    }

    /// <summary>Gives pooled memory back; the stream stays the caller's.</summary>
    public void Dispose() => Release();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadStreamAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        var read = await stream.ReadAsync(destination, cancellationToken).ConfigureAwait(false);
        if (read == 0)
            throw CutShort();
        Remaining -= read;
        return read;
    }

    private async ValueTask SkipAsync(CancellationToken cancellationToken)
    {
        var sink = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            await ReadBodyAsync(sink, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sink);
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            Release();
            // Waits for data without holding memory: thousands of tunnels are idle at any time.
            await stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            // Long after a read that brought more than one short message, until one brings less.
            _staging = ArrayPool<byte>.Shared.Rent(_isBusy ? LongStagingLength : StagingLength);
        }
        else if (_start > 0)
        {
            _staging.AsSpan(_start, _end - _start).CopyTo(_staging);
            (_start, _end) = (0, _end - _start);
        }
        var read = await stream.ReadAsync(_staging.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        _isBusy = read >= StagingLength && _bodyLength < StagingLength;
        return read > 0;
    }

    private async ValueTask ReadUnusualAsync(int messageLength, CancellationToken cancellationToken)
    {
        var whole = GrpcFraming.PrefixLength + messageLength;
        var staged = _end - _start;
        if (whole > _staging!.Length - _start)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(whole, staged));
            _staging.AsSpan(_start, staged).CopyTo(larger);
            Release();
            (_staging, _start, _end) = (larger, 0, staged);
        }
        while (_end - _start < whole)
        {
            var free = _staging.AsMemory(_end, whole - (_end - _start));
            var read = await stream.ReadAsync(free, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                throw CutShort();
            _end += read;
        }
        _start += GrpcFraming.PrefixLength;
        if (!TunnelMessageCodec.TryParse(_staging.AsSpan(_start, messageLength), out var code, out var body))
            throw new TunnelFormatException("The message is no TunnelMessage with a payload.");
        var (offset, length) = body.GetOffsetAndLength(messageLength);
        _start += offset;
        Code = code;
        Remaining = length;
        _afterBody = messageLength - offset - length;
    }

    private void Release()
    {
        if (_staging is { } staging)
            ArrayPool<byte>.Shared.Return(staging);
        _staging = null;
        _start = _end = 0;
    }

    private static TunnelFormatException CutShort() => new("The stream ended within a message.");
}
