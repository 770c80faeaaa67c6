using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Dns;

namespace Telepresence.UnitTests.TrafficManager;

public class DnsAnswerTests
{
    // www.a. CNAME b.a. (compressed), SRV 1 2 80 b.a. (compressed)
    private static readonly byte[] Sample = Convert.FromHexString(
        "1234818000010002000000000377777701610000050001"
            + "c00c000500010000001e0004"
            + "0162c010"
            + "c00c002100010000001e000a"
            + "000100020050"
            + "0162c010"
    );

    [Fact]
    public void Compressed_names_are_written_out()
    {
        Assert.True(DnsAnswer.TryParse(Sample, 0x1234, out var answer, out var truncated));
        Assert.False(truncated);
        Assert.Equal(0, answer.ResponseCode);
        Assert.Equal("www.a.", answer.Records[0].Name);
        Assert.Equal([1, (byte)'b', 1, (byte)'a', 0], answer.Records[0].Data);
        Assert.Equal([0, 1, 0, 2, 0, 80, 1, (byte)'b', 1, (byte)'a', 0], answer.Records[1].Data);
    }

    [Fact]
    public void Another_querys_answer_is_refused() => Assert.False(DnsAnswer.TryParse(Sample, 1, out _, out _));

    [Fact]
    public void Nonsense_never_throws()
    {
        var random = new Random(6);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = Sample.AsSpan(0, random.Next(12, Sample.Length + 1)).ToArray();
            for (var n = random.Next(1, 6); n > 0; n--)
                bytes[random.Next(2, bytes.Length)] = (byte)random.Next(256);
            if (DnsAnswer.TryParse(bytes, 0x1234, out var answer, out _))
                DnsWire.EncodeRecords(answer.Records);
        }
    }
}
