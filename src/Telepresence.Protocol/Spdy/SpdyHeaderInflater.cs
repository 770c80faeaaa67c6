using System.Buffers.Binary;
using System.IO.Compression;

namespace Telepresence.Protocol.Spdy;

/// <summary>Inflates the header blocks of one connection: a single zlib stream (RFC 1950) with the preset dictionary.</summary>
/// <remarks>
/// .NET gives no way to set a zlib dictionary. A raw deflate stream that starts with a stored block holding the dictionary leaves
/// the window in the very same state, so the dictionary is read out once and dropped.
/// </remarks>
internal sealed class SpdyHeaderInflater : IDisposable
{
    private const int MaxBlock = 64 * 1024;
    private const int ZlibHeaderSize = 6;
    private readonly FeedStream _feed = new();
    private readonly DeflateStream _inflate;
    private readonly byte[] _output = new byte[MaxBlock + 1];
    private bool _started;

    public SpdyHeaderInflater()
    {
        _inflate = new DeflateStream(_feed, CompressionMode.Decompress);
        var dictionary = SpdyDictionary.Bytes;
        _feed.Set(StoredBlock.Create(dictionary));
        _inflate.ReadExactly(_output.AsSpan(0, dictionary.Length));
    }

    /// <summary>The next block; valid until the next call.</summary>
    /// <exception cref="SpdyProtocolException">Not zlib, another dictionary, or a block above 64 KiB.</exception>
    public ReadOnlySpan<byte> Inflate(ReadOnlySpan<byte> compressed)
    {
        if (!_started)
        {
            compressed = SkipZlibHeader(compressed);
            _started = true;
        }
        _feed.Set(compressed.ToArray());
        try
        {
            var length = 0;
            int read;
            while ((read = _inflate.Read(_output, length, _output.Length - length)) > 0)
            {
                length += read;
                if (length > MaxBlock)
                {
                    throw new SpdyProtocolException($"A header block inflates to more than {MaxBlock} bytes.");
                }
            }
            return _output.AsSpan(0, length);
        }
        catch (InvalidDataException e)
        {
            throw new SpdyProtocolException("A header block is not a deflate stream.", e);
        }
    }

    public void Dispose() => _inflate.Dispose();

    private static ReadOnlySpan<byte> SkipZlibHeader(ReadOnlySpan<byte> compressed)
    {
        if (
            compressed.Length < ZlibHeaderSize
            || (compressed[0] & 0x0F) != 8
            || BinaryPrimitives.ReadUInt16BigEndian(compressed) % 31 != 0
            || (compressed[1] & 0x20) == 0
            || BinaryPrimitives.ReadUInt32BigEndian(compressed[2..]) != SpdyDictionary.Adler32
        )
        {
            throw new SpdyProtocolException("The header stream does not start with zlib and the SPDY/3 dictionary.");
        }
        return compressed[ZlibHeaderSize..];
    }

    /// <summary>Hands out what was set last and then reports an end that is not final.</summary>
    private sealed class FeedStream : Stream
    {
        private ReadOnlyMemory<byte> _pending;

        public void Set(ReadOnlyMemory<byte> bytes) => _pending = bytes;

        public override int Read(Span<byte> buffer)
        {
            var length = Math.Min(buffer.Length, _pending.Length);
            _pending.Span[..length].CopyTo(buffer);
            _pending = _pending[length..];
            return length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
