using System.Buffers.Binary;
using Telepresence.Protocol;

namespace Telepresence.UnitTests.Protocol.Grpc;

/// <summary>
/// A client's transport that counts HTTP/2 PINGs as a grpc-go server does that was told nothing of keepalive: one that comes
/// without HEADERS or DATA having gone to the client since the one before is a strike, and after two the client is sent away.
/// </summary>
internal sealed class PingStrikes(Stream inner) : DuplexStream
{
    private const int PrefaceLength = 24;
    private readonly FrameTypes _sent = new(PrefaceLength);
    private readonly FrameTypes _received = new(0);
    private readonly Lock _gate = new();
    private bool _isForgiven;

    public int Pings { get; private set; }

    public int Strikes { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        lock (_gate)
            _received.Read(
                buffer.Span[..read],
                (type, _) => _isForgiven |= type is FrameTypes.Data or FrameTypes.Headers
            );
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            _sent.Read(buffer.Span, Count);
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private void Count(byte type, byte flags)
    {
        if (type != FrameTypes.Ping || (flags & FrameTypes.Ack) != 0)
            return;
        Pings++;
        if (!_isForgiven)
            Strikes++;
        _isForgiven = false;
    }

    /// <summary>The frames' types and flags in one direction of a connection.</summary>
    /// <param name="preface">Bytes before the first frame.</param>
    private sealed class FrameTypes(int preface)
    {
        public const byte Data = 0;
        public const byte Headers = 1;
        public const byte Ping = 6;
        public const byte Ack = 1;
        private const int HeaderLength = 9;

        private readonly byte[] _header = new byte[HeaderLength];
        private int _filled;
        private int _skip = preface;

        public void Read(ReadOnlySpan<byte> bytes, Action<byte, byte> seen)
        {
            while (!bytes.IsEmpty)
            {
                if (_skip > 0)
                {
                    var skipped = Math.Min(_skip, bytes.Length);
                    _skip -= skipped;
                    bytes = bytes[skipped..];
                    continue;
                }
                var taken = Math.Min(HeaderLength - _filled, bytes.Length);
                bytes[..taken].CopyTo(_header.AsSpan(_filled));
                bytes = bytes[taken..];
                _filled += taken;
                if (_filled < HeaderLength)
                    return;
                _filled = 0;
                _skip = BinaryPrimitives.ReadInt32BigEndian(_header) >>> 8;
                seen(_header[3], _header[4]);
            }
        }
    }
}
