using Google.Protobuf;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.Protocol.Tunnel;

public class TunnelMessageCodecTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16382)]
    [InlineData(16383)]
    [InlineData(TunnelMessageCodec.MaxDataLength)]
    public void Writes_what_protobuf_writes(int bodyLength)
    {
        var body = new byte[bodyLength];
        new Random(bodyLength).NextBytes(body);
        var message = new TunnelMessage { Payload = ByteString.CopyFrom([(byte)TunnelMessageCode.Data, .. body]) };
        Assert.Equal(GrpcFraming.Encode(message), TunnelMessageCodec.Encode(TunnelMessageCode.Data, body));
    }

    [Fact]
    public void A_full_chunk_in_four_frames_is_one_write() =>
        Assert.Equal(
            64 * 1024,
            (4 * 9)
                + TunnelMessageCodec.PrefixLength(TunnelMessageCodec.BulkDataLength)
                + TunnelMessageCodec.BulkDataLength
        );

    [Fact]
    public void Unknown_fields_are_skipped_and_the_last_payload_counts()
    {
        byte[] message =
        [
            .. new byte[] { 0x10, 0x96, 0x01 },
            .. new byte[] { 0x0a, 2, 9, 9 },
            .. new byte[] { 0x1d, 1, 2, 3, 4 },
            .. new byte[] { 0x0a, 3, 5, 0xaa, 0xbb },
            .. new byte[] { 0x21, 1, 2, 3, 4, 5, 6, 7, 8 },
        ];
        Assert.True(TunnelMessageCodec.TryParse(message, out var code, out var body));
        Assert.Equal(TunnelMessageCode.DialReject, code);
        Assert.Equal([0xaa, 0xbb], message[body]);
        Assert.Equal(TunnelMessage.Parser.ParseFrom(message).Payload.ToByteArray(), [5, 0xaa, 0xbb]);
    }

    [Fact]
    public void An_empty_payload_is_refused()
    {
        Assert.False(TunnelMessageCodec.TryParse([], out _, out _));
        Assert.False(TunnelMessageCodec.TryParse([0x0a, 0], out _, out _));
    }

    [Fact]
    public void Nonsense_never_throws_and_agrees_with_protobuf()
    {
        var random = new Random(3);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = Mutated(random, i);
            if (!TunnelMessageCodec.TryParse(bytes, out var code, out var body))
                continue;
            var payload = TunnelMessage.Parser.ParseFrom(bytes).Payload.Span;
            Assert.Equal(payload[0], (byte)code);
            Assert.Equal(payload[1..], bytes.AsSpan(body));
        }
    }

    private static byte[] Mutated(Random random, int i)
    {
        var bytes = new byte[random.Next(0, 40)];
        random.NextBytes(bytes);
        if (i % 2 == 0)
            return bytes;
        byte[] valid = [0x0a, (byte)bytes.Length, .. bytes, 0x10, 7];
        valid[random.Next(valid.Length)] = (byte)random.Next(256);
        return valid;
    }
}
