using System.Buffers.Binary;

namespace Telepresence.Protocol.Grpc;

/// <summary>
/// A transport whose first bytes from the peer must be a server's connection preface: a SETTINGS frame (RFC 9113 §3.4).
/// HttpClient tells a peer of another protocol no different from one that broke, and tries such a peer again.
/// </summary>
/// <param name="transport">Owned.</param>
/// <param name="patience">How long the preface may take: a server sends it without being asked.</param>
internal sealed class ServerPrefaceStream(Stream transport, TimeSpan patience, TimeProvider timeProvider) : Stream
{
    private const int HeaderLength = 9;
    private const byte SettingsType = 4;
    private const byte AcknowledgeFlag = 1;
    private const int SettingLength = 6;
    private const int LongestFrame = 1 << 14;

    private readonly byte[] _header = new byte[HeaderLength];
    private int _seen;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _seen == HeaderLength || buffer.IsEmpty
            ? transport.ReadAsync(buffer, cancellationToken)
            : ReadPrefaceAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _seen == HeaderLength
            ? transport.WriteAsync(buffer, cancellationToken)
            : WriteUncheckedAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => transport.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => transport.Write(buffer, offset, count);

    public override void Flush() => transport.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await transport.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            transport.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadPrefaceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var patienceEnds = new CancellationTokenSource(patience, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patienceEnds.Token);
        int count;
        try
        {
            count = await transport.ReadAsync(buffer, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GrpcPeerException(
                $"What listens there does not speak HTTP/2: it said nothing for {patience.TotalSeconds} s.",
                e
            );
        }
        // An early end is not a protocol: the transport's far end may only now find that nobody listens yet.
        var taken = Math.Min(count, HeaderLength - _seen);
        buffer.Span[..taken].CopyTo(_header.AsSpan(_seen));
        _seen += taken;
        Check();
        return count;
    }

    /// <summary>
    /// A peer that did not understand our preface may have closed already: what it said before, which the reader has yet to
    /// look at, tells more than that our bytes do not arrive. The reader meets the end too.
    /// </summary>
    private async ValueTask WriteUncheckedAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await transport.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException) when (_seen < HeaderLength)
        {
            return;
        }
    }

    private void Check()
    {
        // As soon as the bytes are there: a peer that waits for our reply would never send more.
        if (
            (_seen >= 3 && !IsSettingsLength((_header[0] << 16) | (_header[1] << 8) | _header[2]))
            || (_seen >= 4 && _header[3] != SettingsType)
            || (_seen >= 5 && (_header[4] & AcknowledgeFlag) != 0)
            || (
                _seen >= HeaderLength
                && BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(5)) is not (0 or int.MinValue)
            )
        )
        {
            throw new GrpcPeerException(
                $"What listens there does not speak HTTP/2: it began with '{Printable(_header.AsSpan(0, _seen))}'."
            );
        }
    }

    private static bool IsSettingsLength(int length) => length <= LongestFrame && length % SettingLength == 0;

    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
            text[i] = bytes[i] is >= 0x20 and < 0x7f ? (char)bytes[i] : '.';
        return text.ToString();
    }
}
