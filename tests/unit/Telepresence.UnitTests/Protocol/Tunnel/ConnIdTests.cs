using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.Protocol.Tunnel;

public class ConnIdTests
{
    [Fact]
    public void Two_IPv4_addresses_take_13_bytes()
    {
        var id = Tcp("10.0.0.1:1024", "10.96.0.10:80");
        Assert.Equal("0a00000104000a60000a005006", Convert.ToHexStringLower(id.ToByteArray()));
    }

    [Fact]
    public void A_mixed_pair_takes_37_bytes_with_the_IPv4_side_mapped()
    {
        var id = Tcp("10.0.0.1:1024", "[2001:db8::1]:80");
        Assert.Equal(
            "00000000000000000000ffff0a0000010400" + "20010db80000000000000000000000010050" + "06",
            Convert.ToHexStringLower(id.ToByteArray())
        );
    }

    [Theory]
    [InlineData("10.0.0.1:1024", "10.96.0.10:80")]
    [InlineData("10.0.0.1:1024", "[2001:db8::1]:80")]
    [InlineData("[::1]:0", "[fd00::2]:65535")]
    public void What_is_encoded_is_decoded(string source, string destination)
    {
        var id = Tcp(source, destination);
        Assert.True(ConnId.TryParse(id.ToByteArray(), out var parsed));
        Assert.Equal(id, parsed);
    }

    [Fact]
    public void IPv4_in_IPv6_is_unmapped()
    {
        var id = Tcp("[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.2]:2");
        Assert.Equal(Tcp("10.0.0.1:1", "10.0.0.2:2"), id);
        Assert.Equal(ConnId.IPv4Length, id.Length);
    }

    [Fact]
    public void Only_two_lengths_are_valid()
    {
        for (var length = 0; length < 64; length++)
            Assert.Equal(length is 13 or 37, ConnId.TryParse(new byte[length], out _));
    }

    [Fact]
    public void Nonsense_never_throws()
    {
        var random = new Random(2);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = new byte[i % 2 == 0 ? 13 : 37];
            random.NextBytes(bytes);
            Assert.True(ConnId.TryParse(bytes, out var id));
            Assert.True(ConnId.TryParse(id!.ToByteArray(), out var again));
            Assert.Equal(id, again);
        }
    }

    private static ConnId Tcp(string source, string destination) =>
        new(IPEndPoint.Parse(source), IPEndPoint.Parse(destination), ProtocolType.Tcp);
}
