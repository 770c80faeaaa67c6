using System.Text;
using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.UnitTests.Sandbox.Demo;

public sealed class VpnNameServerTests
{
    private const int Fuzzed = 100_000;

    [Fact]
    public void The_one_host_has_its_address()
    {
        var answer = Answer(Query(VpnNameServer.KnownHost, type: 1));

        Assert.Equal(0, answer[3] & 0x0F);
        Assert.Equal(1, answer[7]);
        Assert.Equal(VpnNameServer.KnownAddress.GetAddressBytes(), answer[^4..]);
    }

    [Fact]
    public void Another_type_of_it_is_no_data()
    {
        var answer = Answer(Query(VpnNameServer.KnownHost, type: 28));

        Assert.Equal(0, answer[3] & 0x0F);
        Assert.Equal(0, answer[7]);
    }

    [Fact]
    public void Every_other_name_does_not_exist()
    {
        Assert.Equal(3, Answer(Query("web.demo", type: 1))[3] & 0x0F);
    }

    [Fact]
    public void An_answer_is_not_answered()
    {
        var query = Query(VpnNameServer.KnownHost, type: 1);
        query[2] |= 0x80;

        Assert.Empty(Answer(query));
    }

    [Fact]
    public void No_datagram_throws()
    {
        var random = new Random(1);
        var datagram = new byte[80];
        for (var i = 0; i < Fuzzed; i++)
        {
            var query = Query(VpnNameServer.KnownHost, type: 1);
            random.NextBytes(datagram);
            query.CopyTo(datagram.AsSpan());
            for (var flips = random.Next(4); flips > 0; flips--)
            {
                datagram[random.Next(datagram.Length)] = (byte)random.Next(256);
            }
            Answer(datagram[..random.Next(datagram.Length)]);
        }
    }

    private static byte[] Answer(byte[] query)
    {
        var answer = new byte[query.Length + 16];
        return answer[..VpnNameServer.Answer(query, answer)];
    }

    private static byte[] Query(string name, byte type)
    {
        var query = new List<byte> { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
        foreach (var label in name.Split('.'))
        {
            query.Add((byte)label.Length);
            query.AddRange(Encoding.ASCII.GetBytes(label));
        }
        query.AddRange([0, 0, type, 0, 1]);
        return [.. query];
    }
}
