using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.UnitTests.Protocol.Http2;

/// <summary>RFC 7541, with the examples of its appendix C.</summary>
public class HpackTests
{
    [Theory]
    [InlineData(5, 10, "0a")]
    [InlineData(5, 1337, "1f9a0a")]
    [InlineData(8, 42, "2a")]
    public void Integers_are_as_in_C1(int prefix, int value, string expected)
    {
        var bytes = new byte[HpackInteger.MaxLength];
        Assert.Equal(expected, Convert.ToHexStringLower(bytes.AsSpan(0, HpackInteger.Write(bytes, 0, prefix, value))));
        ReadOnlySpan<byte> source = Convert.FromHexString(expected);
        Assert.Equal(value, HpackInteger.Read(ref source, prefix));
        Assert.True(source.IsEmpty);
    }

    [Theory]
    [InlineData("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header")]
    [InlineData("040c2f73616d706c652f70617468", ":path: /sample/path")]
    [InlineData("100870617373776f726406736563726574", "password: secret")]
    [InlineData("82", ":method: GET")]
    public void Fields_are_as_in_C2(string block, string expected) =>
        Assert.Equal([expected], Decode(new HpackDecoder(4096, 65536), block));

    [Theory]
    // C.3, without Huffman, and C.4, with.
    [InlineData(
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"
    )]
    [InlineData(
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"
    )]
    public void Requests_are_as_in_C3_and_C4(string first, string second, string third)
    {
        var decoder = new HpackDecoder(4096, 65536);
        string[] common = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
        Assert.Equal(common, Decode(decoder, first));
        Assert.Equal([.. common, "cache-control: no-cache"], Decode(decoder, second));
        Assert.Equal(
            [
                ":method: GET",
                ":scheme: https",
                ":path: /index.html",
                ":authority: www.example.com",
                "custom-key: custom-value",
            ],
            Decode(decoder, third)
        );
    }

    [Theory]
    // C.5, without Huffman, and C.6, with: the table of 256 evicts.
    [InlineData(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31"
    )]
    [InlineData(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"
    )]
    public void Responses_are_as_in_C5_and_C6(string first, string second, string third)
    {
        var decoder = new HpackDecoder(256, 65536);
        const string date = "date: Mon, 21 Oct 2013 20:13:21 GMT";
        const string location = "location: https://www.example.com";
        Assert.Equal([":status: 302", "cache-control: private", date, location], Decode(decoder, first));
        Assert.Equal([":status: 307", "cache-control: private", date, location], Decode(decoder, second));
        Assert.Equal(
            [
                ":status: 200",
                "cache-control: private",
                "date: Mon, 21 Oct 2013 20:13:22 GMT",
                location,
                "content-encoding: gzip",
                "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            ],
            Decode(decoder, third)
        );
    }

    [Fact]
    public void What_was_encoded_is_decoded() =>
        Prop.ForAll<byte[], byte[]>(
                (name, value) =>
                {
                    var field = new HeaderField(
                        Encoding.Latin1.GetString(name).ToLowerInvariant(),
                        Encoding.Latin1.GetString(value)
                    );
                    var block = new ArrayBufferWriter<byte>();
                    HpackEncoder.Write(block, field);
                    var fields = new List<HeaderField>();
                    Assert.True(new HpackDecoder(4096, 1 << 20).Decode(block.WrittenSpan, fields));
                    return fields is [var decoded] && decoded == field;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Every_byte_has_its_Huffman_code()
    {
        var all = Enumerable.Range(0, 256).Select(b => (byte)b).ToArray();
        var encoded = new byte[HuffmanCode.EncodedLength(all)];
        Assert.Equal(encoded.Length, HuffmanCode.Encode(all, encoded));
        var decoded = new byte[encoded.Length * 2];
        Assert.Equal(all, decoded[..HuffmanCode.Decode(encoded, decoded)]);
    }

    [Fact]
    public void Values_that_tell_who_calls_are_never_indexed()
    {
        var block = new ArrayBufferWriter<byte>();
        HpackEncoder.Write(block, new HeaderField("authorization", "Bearer x"));
        Assert.Equal(0x10, block.WrittenSpan[0] & 0xf0);
    }

    [Fact]
    public void Malformed_blocks_never_throw_anything_but_the_typed_error()
    {
        var random = new Random(7541);
        var good = Convert.FromHexString(
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"
        );
        var decoder = new HpackDecoder(256, 1000);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = good.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var fields = new List<HeaderField>();
            try
            {
                decoder.Decode(bytes.AsSpan(0, random.Next(bytes.Length + 1)), fields);
                Assert.True(fields.Sum(field => field.Name.Length + field.Value.Length + 32) <= 1000);
            }
            catch (Http2Exception e)
            {
                Assert.Equal(Http2ErrorCode.CompressionError, e.ErrorCode);
            }
        }
    }

    private static List<string> Decode(HpackDecoder decoder, string block)
    {
        var fields = new List<HeaderField>();
        Assert.True(decoder.Decode(Convert.FromHexString(block), fields));
        return [.. fields.Select(field => $"{field.Name}: {field.Value}")];
    }
}
