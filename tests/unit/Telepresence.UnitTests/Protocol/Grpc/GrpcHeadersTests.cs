using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;

namespace Telepresence.UnitTests.Protocol.Grpc;

public class GrpcHeadersTests
{
    [Theory]
    [InlineData("100m", 100)]
    [InlineData("2S", 2000)]
    [InlineData("1M", 60_000)]
    [InlineData("1000000n", 1)]
    public void Reads_timeouts(string text, int milliseconds)
    {
        Assert.True(GrpcHeaders.TryParseTimeout(text, out var timeout));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), timeout);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("123456789S")]
    [InlineData("1x")]
    public void Refuses_what_is_no_timeout(string text) => Assert.False(GrpcHeaders.TryParseTimeout(text, out _));

    [Theory]
    [InlineData(0)]
    [InlineData(15_000)]
    [InlineData(int.MaxValue)]
    public void A_written_timeout_is_never_shorter(int milliseconds)
    {
        var timeout = TimeSpan.FromMilliseconds(milliseconds);
        Assert.True(GrpcHeaders.TryParseTimeout(GrpcHeaders.FormatTimeout(timeout), out var read));
        Assert.True(read >= timeout);
    }

    [Fact]
    public void Messages_survive_percent_encoding() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<string>(),
                text =>
                    text is null
                    || text.Any(char.IsSurrogate)
                    || GrpcHeaders.DecodeMessage(GrpcHeaders.EncodeMessage(text)) == text
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public async Task Nonsense_on_a_stream_throws_nothing_but_the_typed_error()
    {
        var random = new Random(5);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = GrpcFraming.Encode(new StringValue { Value = new string('x', random.Next(20)) });
            for (var n = random.Next(1, 4); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                var stream = new MemoryStream(bytes);
                while (await GrpcFraming.ReadMessageAsync<StringValue>(stream, 4096, default) is not null) { }
            }
            catch (RpcException)
            {
                continue;
            }
        }
    }
}
