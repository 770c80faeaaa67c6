using System.Buffers.Binary;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack;

public class IcmpErrorTests
{
    private const byte Unknown = 132;
    private static readonly NetAddress Source4 = StackFixture.Address("10.0.0.1");
    private static readonly NetAddress Target4 = StackFixture.Address("10.96.0.5");
    private static readonly NetAddress Source6 = StackFixture.Address("fd00::1");
    private static readonly NetAddress Target6 = StackFixture.Address("fd10::5");
    private readonly StackFixture _fixture = new();

    [Fact]
    public void A_protocol_the_stack_does_not_have_is_unreachable()
    {
        var packet = StackFixture.Ip(Source4, Target4, Unknown, new byte[1000]);
        _fixture.Send(packet);

        var answer = _fixture.Receive()!;
        Assert.Equal((3, 2), ((int)answer[20], (int)answer[21]));
        Assert.Equal(packet[..(576 - 28)], answer[28..]);
    }

    [Fact]
    public void An_unknown_next_header_is_a_parameter_problem()
    {
        var packet = Chain(IPProtocol.DestinationOptions, [Unknown, 0, 1, 4, 0, 0, 0, 0], new byte[10]);
        _fixture.Send(packet);

        ExpectProblem(code: 1, field: 40);
    }

    [Fact]
    public void No_next_header_is_silence()
    {
        _fixture.Send(Chain(IPProtocol.NoNextHeader, [], new byte[10]));

        Assert.Null(_fixture.Receive());
    }

    [Theory]
    [InlineData(IPProtocol.HopByHop)]
    [InlineData(IPProtocol.DestinationOptions)]
    public void Options_to_be_skipped_are_skipped(byte header)
    {
        // PadN of two, then an unknown option of type 00.
        _fixture.Send(Chain(header, [IPProtocol.Udp, 0, 1, 0, 0x1e, 2, 0, 0], Datagram()));

        Assert.Single(_fixture.UdpFlows);
    }

    [Theory]
    [InlineData(0x40, false)]
    [InlineData(0x80, true)]
    [InlineData(0xc0, true)]
    public void An_unknown_option_is_refused_as_its_type_says(byte option, bool isTold)
    {
        _fixture.Send(Chain(IPProtocol.HopByHop, [IPProtocol.Udp, 0, 1, 0, option, 2, 0, 0], Datagram()));

        Assert.Empty(_fixture.UdpFlows);
        if (isTold)
        {
            ExpectProblem(code: 2, field: 44);
        }

        Assert.Null(_fixture.Receive());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(99)]
    public void A_routing_header_with_a_way_to_go_is_refused(byte type)
    {
        _fixture.Send(Chain(IPProtocol.Routing, [IPProtocol.Udp, 0, type, 1, 0, 0, 0, 0], Datagram()));
        ExpectProblem(code: 0, field: 42);

        // At its end it is skipped.
        _fixture.Send(Chain(IPProtocol.Routing, [IPProtocol.Udp, 0, type, 0, 0, 0, 0, 0], Datagram()));
        Assert.Single(_fixture.UdpFlows);
    }

    [Fact]
    public void A_hop_by_hop_header_that_is_not_the_first_is_unknown()
    {
        byte[] headers = [IPProtocol.HopByHop, 0, 1, 4, 0, 0, 0, 0, IPProtocol.Udp, 0, 1, 4, 0, 0, 0, 0];
        _fixture.Send(Chain(IPProtocol.DestinationOptions, headers, Datagram()));

        ExpectProblem(code: 1, field: 40);
    }

    [Theory]
    [InlineData("ff02::1", "fd10::5")]
    [InlineData("::", "fd10::5")]
    [InlineData("::1", "fd10::5")]
    [InlineData("fd10::5", "fd10::5")]
    [InlineData("fd00::1", "ff02::1")]
    [InlineData("224.0.0.1", "10.96.0.5")]
    [InlineData("255.255.255.255", "10.96.0.5")]
    [InlineData("127.0.0.1", "10.96.0.5")]
    [InlineData("0.0.0.0", "10.96.0.5")]
    [InlineData("10.96.0.5", "10.96.0.5")]
    [InlineData("10.0.0.1", "127.0.0.1")]
    [InlineData("10.0.0.1", "255.255.255.255")]
    public void What_is_not_from_one_host_to_another_is_never_answered(string source, string target)
    {
        var (from, to) = (StackFixture.Address(source), StackFixture.Address(target));
        var syn = new byte[20];
        TcpSegment.WriteHeader(syn, new TcpFields(1, 80, new(5), default, TcpFlags.Syn, 100), []);
        var echo = new byte[8];
        IcmpMessage.WriteHeader(echo, from.IsIPv4 ? IcmpMessage.EchoRequest : IcmpMessage.EchoRequestV6, 0, 1);
        _fixture.Send(StackFixture.Ip(from, to, IPProtocol.Tcp, syn));
        _fixture.Send(StackFixture.Udp(from, to, 1, 53, "x"u8));
        _fixture.Send(StackFixture.Ip(from, to, from.IsIPv4 ? IPProtocol.Icmp : IPProtocol.Icmpv6, echo));
        _fixture.Send(StackFixture.Ip(from, to, Unknown, new byte[20]));

        Assert.Null(_fixture.Receive());
        Assert.Empty(_fixture.TcpFlows);
        Assert.Empty(_fixture.UdpFlows);
    }

    [Fact]
    public void Errors_are_limited()
    {
        var packet = StackFixture.Ip(Source4, Target4, Unknown, new byte[20]);
        for (var i = 0; i < 5000; i++)
        {
            _fixture.Send(packet);
        }

        var count = 0;
        for (; _fixture.Receive() is not null; count++) { }

        Assert.Equal(1000, count);
    }

    private static byte[] Chain(byte first, byte[] headers, byte[] upper)
    {
        var packet = new byte[40 + headers.Length + upper.Length];
        Ipv6Packet.WriteHeader(packet, Source6, Target6, first, packet.Length - 40);
        headers.CopyTo(packet, 40);
        upper.CopyTo(packet, 40 + headers.Length);
        return packet;
    }

    private static byte[] Datagram() => StackFixture.Udp(Source6, Target6, 4000, 99, "x"u8)[40..];

    private void ExpectProblem(byte code, uint field)
    {
        var answer = _fixture.Receive()!;
        Assert.Equal((4, code), (answer[40], answer[41]));
        Assert.Equal(field, BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(44)));
        Assert.Equal(1, _fixture.Drops(DropReason.MalformedIp) + _fixture.Drops(DropReason.UnknownProtocol));
    }
}
