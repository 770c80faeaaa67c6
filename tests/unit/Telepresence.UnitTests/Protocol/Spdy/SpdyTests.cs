using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Protocol.Spdy;

namespace Telepresence.UnitTests.Protocol.Spdy;

public sealed class SpdyTests
{
    [Fact]
    public void The_dictionary_is_the_one_of_the_draft()
    {
        uint a = 1;
        uint b = 0;
        foreach (var value in SpdyDictionary.Bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }
        Assert.Equal(1423, SpdyDictionary.Bytes.Length);
        Assert.Equal(SpdyDictionary.Adler32, b << 16 | a);
    }

    [Fact]
    public void Header_blocks_survive_one_connection_in_order()
    {
        Prop.ForAll<string[]>(values =>
            {
                var deflater = new SpdyHeaderDeflater();
                using var inflater = new SpdyHeaderInflater();
                return values
                    .Where(v => v is not null && v.All(c => c < 256))
                    .All(value =>
                    {
                        var block = SpdyHeaderBlock.Format(new Dictionary<string, string> { ["port"] = value });
                        var headers = SpdyHeaderBlock.Parse(inflater.Inflate(deflater.Deflate(block)));
                        return headers["PORT"] == value;
                    });
            })
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_block_that_refers_to_the_dictionary_inflates()
    {
        // Made with Python's zlib and the dictionary, sync flush: {"streamtype": "error", "port": "80"}.
        var compressed = Convert.FromHexString(Vectors.SpdyHeaders);
        using var inflater = new SpdyHeaderInflater();
        var headers = SpdyHeaderBlock.Parse(inflater.Inflate(compressed));
        Assert.Equal("error", headers["streamType"]);
        Assert.Equal("80", headers["port"]);
    }

    [Fact]
    public void Malformed_header_blocks_are_typed_errors_only()
    {
        var random = new Random(20261122);
        var valid = Convert.FromHexString(Vectors.SpdyHeaders);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = (byte[])valid.Clone();
            for (var flips = random.Next(1, 6); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }
            using var inflater = new SpdyHeaderInflater();
            try
            {
                SpdyHeaderBlock.Parse(inflater.Inflate(bytes.AsSpan(0, random.Next(bytes.Length + 1))));
            }
            catch (SpdyProtocolException)
            {
                continue;
            }
        }
    }

    [Fact]
    public async Task Malformed_connections_end_with_a_typed_error_only()
    {
        var random = new Random(4711);
        for (var i = 0; i < 10_000; i++)
        {
            var bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            if (bytes.Length > SpdyFrameHeader.Size && random.Next(2) == 0)
            {
                SpdyFrameHeader.WriteControl(
                    bytes,
                    (SpdyFrameType)random.Next(12),
                    0,
                    bytes.Length - SpdyFrameHeader.Size
                );
            }
            using var connection = SpdyConnection.Server(new DuplexBytes(bytes), _ => ValueTask.CompletedTask);
            try
            {
                await connection.RunAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is SpdyProtocolException or EndOfStreamException)
            {
                continue;
            }
        }
    }

    [Fact]
    public async Task A_ping_of_the_client_is_answered_with_its_id()
    {
        var ping = new byte[12];
        SpdyFrameHeader.WriteControl(ping, SpdyFrameType.Ping, 0, 4);
        BinaryPrimitives.WriteUInt32BigEndian(ping.AsSpan(8), 7);
        var transport = new DuplexBytes(ping);
        using var connection = SpdyConnection.Server(transport, _ => ValueTask.CompletedTask);
        await connection.RunAsync(CancellationToken.None);
        Assert.Equal(ping, transport.Written);
    }

    /// <summary>Reads what it was given, and keeps what is written.</summary>
    private sealed class DuplexBytes(byte[] incoming) : MemoryStream(incoming, writable: false)
    {
        private readonly MemoryStream _written = new();

        public byte[] Written => _written.ToArray();

        public override bool CanWrite => true;

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => _written.WriteAsync(buffer, cancellationToken);
    }
}
