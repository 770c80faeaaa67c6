using Telepresence.Engine.Capture;
using Telepresence.Engine.Packets;
using Telepresence.UnitTests.NetStack;

namespace Telepresence.UnitTests.Capture;

public class PacketFilterTests
{
    private static readonly byte[] _http = Packet("10.0.0.1", "10.96.0.5", IPProtocol.Tcp, 40_000, 80);
    private static readonly byte[] _dns = Packet("10.0.0.1", "10.96.0.10", IPProtocol.Udp, 40_001, 53);
    private static readonly byte[] _ping = Packet("10.0.0.1", "10.96.0.5", IPProtocol.Icmp, 0x0800, 0);
    private static readonly byte[] _http6 = Packet("fd00::1", "fd00::2", IPProtocol.Tcp, 80, 40_002);

    [Theory]
    [InlineData("", "http dns ping http6")]
    [InlineData("tcp", "http http6")]
    [InlineData("udp", "dns")]
    [InlineData("icmp", "ping")]
    [InlineData("ip", "http dns ping")]
    [InlineData("ip6", "http6")]
    [InlineData("port 80", "http http6")]
    [InlineData("dst port 80", "http")]
    [InlineData("src port 80", "http6")]
    [InlineData("tcp port 80 and ip", "http")]
    [InlineData("tcp or udp port 53", "http dns http6")]
    [InlineData("(tcp or udp) ip", "http dns")]
    [InlineData("not tcp", "dns ping")]
    [InlineData("!tcp && !icmp", "dns")]
    [InlineData("not (tcp || icmp)", "dns")]
    [InlineData("host 10.96.0.5", "http ping")]
    [InlineData("src host 10.96.0.5", "")]
    [InlineData("dst host fd00::2", "http6")]
    [InlineData("NET 10.96.0.8/29 OR HOST fd00::1", "dns http6")]
    [InlineData("dst net 10.96.0.0/16 and not port 53", "http ping")]
    [InlineData("port 2048", "")]
    public void Takes_what_it_says(string text, string names)
    {
        var filter = PacketFilter.Parse(text);

        (string Name, byte[] Bytes)[] packets = [("http", _http), ("dns", _dns), ("ping", _ping), ("http6", _http6)];
        Assert.Equal(names, string.Join(' ', packets.Where(p => filter.Matches(p.Bytes)).Select(p => p.Name)));
    }

    [Theory]
    [InlineData("tcp prot 80", "column 5: 'prot'")]
    [InlineData("port", "column 5: it ends")]
    [InlineData("port 0", "column 6: '0'")]
    [InlineData("port 65536", "column 6: '65536'")]
    [InlineData("host web", "column 6: 'web'")]
    [InlineData("net 10.0.0.0/99", "column 5: '10.0.0.0/99'")]
    [InlineData("(tcp", "column 5: it ends")]
    [InlineData("tcp)", "column 4: ')'")]
    [InlineData("not", "column 4: it ends")]
    [InlineData("src tcp", "column 5: 'tcp'")]
    [InlineData("tcp or", "column 7: it ends")]
    public void Says_where_a_text_is_no_filter(string text, string where) =>
        Assert.StartsWith(where, Assert.Throws<FormatException>(() => PacketFilter.Parse(text)).Message);

    [Fact]
    public void Nesting_has_an_end() =>
        Assert.Throws<FormatException>(() => PacketFilter.Parse(new string('(', 100_000)));

    [Fact]
    public void What_is_no_ip_passes_no_filter_but_the_empty_one()
    {
        Assert.True(PacketFilter.Parse(null).Matches([1, 2, 3]));
        Assert.False(PacketFilter.Parse("not tcp").Matches([1, 2, 3]));
    }

    private static byte[] Packet(string source, string target, byte protocol, ushort sourcePort, ushort targetPort)
    {
        byte[] transport = new byte[20];
        transport[0] = (byte)(sourcePort >> 8);
        transport[1] = (byte)sourcePort;
        transport[2] = (byte)(targetPort >> 8);
        transport[3] = (byte)targetPort;
        return StackFixture.Ip(StackFixture.Address(source), StackFixture.Address(target), protocol, transport);
    }
}
