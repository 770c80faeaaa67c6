using System.Buffers.Binary;
using System.Text;

namespace Telepresence.Protocol.Grpc;

/// <summary>
/// A transport whose first bytes from the peer must be a server's connection preface: a SETTINGS frame (RFC 9113 §3.4).
/// HttpClient tells a peer of another protocol no different from one that broke, and tries such a peer again.
/// </summary>
/// <param name="transport">Owned.</param>
/// <param name="patience">How long the preface may take: a server sends it without being asked.</param>
internal sealed class ServerPrefaceStream(Stream transport, TimeSpan patience, TimeProvider timeProvider) : DuplexStream
{
    private const int HeaderLength = 9;
    private const int GoAwayLength = 8;
    private const byte SettingsType = 4;
    private const byte GoAwayType = 7;
    private const uint Http11Required = 0xd;
    private const byte AcknowledgeFlag = 1;
    private const int SettingLength = 6;
    private const int LongestFrame = 1 << 14;

    private readonly byte[] _header = new byte[HeaderLength + GoAwayLength];
    private int _seen;
    private bool _isChecked;
    private GrpcPeerException? _mismatch;

    /// <summary>What is wrong with the peer, once that is known. HttpClient tells its callers often something else.</summary>
    public GrpcPeerException? Mismatch => Volatile.Read(ref _mismatch);

    public override bool CanWrite => transport.CanWrite;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isChecked ? transport.ReadAsync(buffer, cancellationToken)
        // HttpClient asks so whether there is anything to read, and a peer that has reset the connection would be an error
        // then, though what it said before can still be read.
        : buffer.IsEmpty ? ValueTask.FromResult(0)
        : ReadPrefaceAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isChecked ? transport.WriteAsync(buffer, cancellationToken) : WriteUncheckedAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => transport.FlushAsync(cancellationToken);

    public override void Flush() => transport.Flush();

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
            throw NoPeer($"it said nothing for {patience.TotalSeconds} s", e);
        }
        // An early end is not a protocol: the transport's far end may only now find that nobody listens yet.
        var taken = Math.Min(count, _header.Length - _seen);
        buffer.Span[..taken].CopyTo(_header.AsSpan(_seen));
        _seen += taken;
        if (_seen > 3 && _header[3] == GoAwayType)
            CheckFarewell();
        else
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
        catch (IOException) when (!_isChecked)
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
            throw NoPeer($"it began with '{Printable(_header.AsSpan(0, Math.Min(_seen, HeaderLength)))}'", null);
        }
        _isChecked = _seen >= HeaderLength;
    }

    /// <summary>Servers of HTTP/1 that know HTTP/2's preface say GOAWAY to it; so do servers of HTTP/2 that are just ending.</summary>
    /// <exception cref="IOException">It may be there the next time.</exception>
    private void CheckFarewell()
    {
        if (_seen < _header.Length)
            return;
        var error = BinaryPrimitives.ReadUInt32BigEndian(_header.AsSpan(HeaderLength + 4));
        throw error == Http11Required
            ? NoPeer("it wants HTTP/1.1", null)
            : new IOException($"The peer goes away, with HTTP/2 error {error}.");
    }

    private GrpcPeerException NoPeer(string how, Exception? inner)
    {
        var mismatch = new GrpcPeerException($"what listens there does not speak HTTP/2 ({how})", inner);
        Volatile.Write(ref _mismatch, mismatch);
        return mismatch;
    }

    private static bool IsSettingsLength(int length) => length <= LongestFrame && length % SettingLength == 0;

    private static string Printable(ReadOnlySpan<byte> bytes) =>
        bytes.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e)
            ? Convert.ToHexStringLower(bytes)
            : Encoding.ASCII.GetString(bytes);
}
