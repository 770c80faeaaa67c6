using System.Net;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Vnat;

namespace Telepresence.UnitTests.Dns;

public sealed class DnsMessageFuzzTests
{
    private const int Cases = 100_000;

    [Fact]
    public void No_request_makes_the_front_throw_and_every_answer_is_one()
    {
        var random = new Random(20261122);
        var statistics = new DnsStatistics();
        var front = new DnsFront(null, TimeProvider.System, new DnsQueryLog(TimeProvider.System), statistics);
        using var server = Servers.Create(new FakeCluster(), statistics: statistics);
        front.Add(server);
        byte[][] seeds =
        [
            DnsMessages.Query("svc.default.svc.cluster.local.", 1, ednsSize: 1232),
            DnsMessages.Query("localhost.", 28),
            DnsMessages.Query("4.3.2.1.in-addr.arpa.", 12),
            DnsMessages.Answer(DnsMessages.Query("a.b.", 1), 0, DnsMessages.A("a.b.", "1.2.3.4")),
        ];
        var response = new byte[DnsFront.MaxMessageLength];
        var (answered, malformed) = (0, 0);

        for (var i = 0; i < Cases; i++)
        {
            var request = Mutate(random, seeds[i % seeds.Length]);
            if (!front.TryHandle(request, DnsTransport.Udp, response, out var length) || length == 0)
                continue;
            answered++;
            Assert.InRange(length, 12, DnsFront.MaxMessageLength);
            Assert.Equal(request[..2], response[..2]);
            Assert.True((response[2] & 0x80) != 0);
            malformed += DnsResponse.CodeOf(response.AsSpan(0, length)) == ResponseCode.FormatError ? 1 : 0;
        }

        Assert.Equal(malformed, statistics.Malformed);
        Assert.True(answered > Cases / 10, $"{answered} answered");
        Assert.True(malformed > Cases / 20, $"{malformed} malformed");
    }

    [Fact]
    public void No_records_make_the_builder_throw()
    {
        var random = new Random(7);
        var table = new TranslationTable(
            [new VirtualSubnet(IPNetwork.Parse("246.0.0.0/10"))],
            [IPNetwork.Parse("10.0.0.0/16")]
        );
        byte[][] seeds =
        [
            [
                .. DnsMessages.Record("a.b.", RecordType.CName, DnsMessages.Name("c.d.")),
                .. DnsMessages.A("c.d.", "10.0.0.1"),
                .. DnsMessages.A("c.d.", "fd00::1"),
                .. DnsMessages.Record("a.b.", RecordType.Srv, [0, 1, 0, 2, 0, 80, .. DnsMessages.Name("x.y.")]),
            ],
            DnsMessages.Answer(DnsMessages.Query("a.b.", 1), 0, DnsMessages.A("a.b.", "10.0.0.9")),
        ];
        var accepted = 0;

        for (var i = 0; i < Cases; i++)
        {
            var bytes = Mutate(random, seeds[i % 2]);
            if (new DnsAnswerBuilder("a.b.", table).TryAddRecords(bytes))
                accepted++;
            new DnsAnswerBuilder("a.b.", table).TryAddAnswersOf(bytes);
        }

        Assert.True(accepted > 0);
    }

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var bytes = seed.AsSpan(0, random.Next(4) == 0 ? random.Next(seed.Length + 1) : seed.Length).ToArray();
        if (random.Next(8) == 0)
            Array.Resize(ref bytes, bytes.Length + random.Next(20));
        for (var changes = random.Next(4); changes > 0 && bytes.Length > 0; changes--)
            bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)0xC0 : (byte)random.Next(256);
        return bytes;
    }
}
