using System.Buffers.Binary;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.Protocol.Tunnel;

public class TunnelReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public async Task Reads_what_the_writer_wrote_however_it_is_cut(int pieceLength)
    {
        var stream = new MemoryStream();
        var writer = new TunnelWriter(stream);
        var bodies = new[] { 0, 1, 127, 128, 5000, 16383, 40_000, TunnelMessageCodec.MaxDataLength }
            .Select(length => Body(length))
            .ToArray();
        foreach (var body in bodies)
            await writer.WriteDataAsync(body, flush: false, default);
        await writer.WriteAsync(TunnelMessageCode.Disconnect, default, default);

        using var reader = new TunnelReader(new PiecewiseStream(stream.ToArray(), pieceLength));
        foreach (var body in bodies)
        {
            Assert.True(await reader.ReadAsync(default));
            Assert.Equal(TunnelMessageCode.Data, reader.Code);
            Assert.Equal(body.Length, reader.Remaining);
            var read = new byte[body.Length];
            Assert.Equal(body.Length, await reader.ReadWholeBodyAsync(read, default));
            Assert.Equal(body, read);
        }
        Assert.True(await reader.ReadAsync(default));
        Assert.Equal(TunnelMessageCode.Disconnect, reader.Code);
        Assert.False(await reader.ReadAsync(default));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1500)]
    [InlineData(int.MaxValue)]
    public async Task Datagrams_that_share_frames_stay_apart(int pieceLength)
    {
        var stream = new FrameCountingStream();
        var writer = new TunnelWriter(stream);
        // Each of the long ones fills a frame or more, and goes out after those before it.
        int[] lengths = [.. Enumerable.Repeat(1200, 40), 0, 16_384, 1, 60_000, .. Enumerable.Repeat(7, 3000), 2048];
        var bodies = lengths.Select(Body).ToArray();
        foreach (var body in bodies)
            await writer.AppendDataAsync(body, default);
        await writer.FlushAsync(default);

        Assert.InRange(stream.Writes, 1, 12);
        using var reader = new TunnelReader(new PiecewiseStream(stream.ToArray(), pieceLength));
        foreach (var body in bodies)
        {
            Assert.True(await reader.ReadAsync(default));
            var read = new byte[body.Length];
            Assert.Equal(body.Length, await reader.ReadWholeBodyAsync(read, default));
            Assert.Equal(body, read);
        }
        Assert.False(await reader.ReadAsync(default));
    }

    [Fact]
    public async Task What_is_left_of_a_body_is_skipped()
    {
        byte[] bytes =
        [
            .. TunnelMessageCodec.Encode(TunnelMessageCode.Data, Body(10_000)),
            .. TunnelMessageCodec.Encode(TunnelMessageCode.DialOk, []),
        ];
        using var reader = new TunnelReader(new MemoryStream(bytes));
        Assert.True(await reader.ReadAsync(default));
        Assert.True(await reader.ReadAsync(default));
        Assert.Equal(TunnelMessageCode.DialOk, reader.Code);
    }

    [Fact]
    public async Task An_unusual_message_is_read_the_long_way()
    {
        byte[] message = [0x10, 1, 0x0a, 3, 4, 0xaa, 0xbb, 0x18, 2];
        byte[] bytes =
        [
            0,
            0,
            0,
            0,
            (byte)message.Length,
            .. message,
            .. TunnelMessageCodec.Encode(TunnelMessageCode.DialOk, [7]),
        ];
        using var reader = new TunnelReader(new PiecewiseStream(bytes, 2));
        Assert.True(await reader.ReadAsync(default));
        Assert.Equal(TunnelMessageCode.DialOk, reader.Code);
        var body = new byte[2];
        Assert.Equal(2, await reader.ReadWholeBodyAsync(body, default));
        Assert.Equal([0xaa, 0xbb], body);
        Assert.True(await reader.ReadAsync(default));
        Assert.Equal(1, reader.Remaining);
        Assert.Equal(1, await reader.ReadWholeBodyAsync(body, default));
        Assert.Equal(7, body[0]);
    }

    [Fact]
    public async Task Too_long_a_message_is_ResourceExhausted()
    {
        var bytes = new byte[20];
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), GrpcFraming.DefaultMaxMessageSize + 1);
        using var reader = new TunnelReader(new MemoryStream(bytes));
        var e = await Assert.ThrowsAsync<RpcException>(async () => await reader.ReadAsync(default));
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
    }

    [Fact]
    public async Task Nonsense_throws_nothing_but_the_typed_errors()
    {
        var random = new Random(4);
        var body = new byte[64];
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = TunnelMessageCodec.Encode(TunnelMessageCode.Data, Body(random.Next(40)));
            for (var n = random.Next(1, 4); n > 0; n--)
                bytes[random.Next(i % 3 == 0 ? bytes.Length : 8)] = (byte)random.Next(256);
            using var reader = new TunnelReader(new PiecewiseStream(bytes, 1 + random.Next(20)), 1 << 20);
            try
            {
                while (await reader.ReadAsync(default))
                    await reader.ReadWholeBodyAsync(body, default);
            }
            catch (Exception e) when (e is TunnelFormatException or RpcException)
            {
                continue;
            }
        }
    }

    private static byte[] Body(int length)
    {
        var body = new byte[length];
        new Random(length).NextBytes(body);
        return body;
    }

    private sealed class PiecewiseStream(byte[] bytes, int pieceLength) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceLength)], cancellationToken);
    }

    private sealed class FrameCountingStream : MemoryStream
    {
        public int Writes { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
