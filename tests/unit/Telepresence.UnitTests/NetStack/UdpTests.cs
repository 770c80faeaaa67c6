using System.Buffers.Binary;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.UnitTests.NetStack;

public class UdpTests
{
    private static readonly NetAddress Source4 = StackFixture.Address("10.0.0.1");
    private static readonly NetAddress Target4 = StackFixture.Address("10.96.0.5");
    private static readonly NetAddress Source6 = StackFixture.Address("fd00::1");
    private static readonly NetAddress Target6 = StackFixture.Address("fd10::5");
    private readonly StackFixture _fixture = new();

    [Fact]
    public void A_datagram_opens_a_flow_and_answers_come_back()
    {
        _fixture.Send(StackFixture.Udp(Source4, Target4, 4000, 53, "question"u8));
        _fixture.Send(StackFixture.Udp(Source4, Target4, 4000, 53, "second"u8));

        var flow = Assert.Single(_fixture.UdpFlows);
        Assert.Equal("question"u8.ToArray(), flow.ReadAsync(default).Now()!.Value.ToArray());
        Assert.Equal("second"u8.ToArray(), flow.ReadAsync(default).Now()!.Value.ToArray());
        Assert.True(flow.Send("answer"u8));
        _fixture.Settle();
        var packet = _fixture.Receive()!;
        Assert.True(Ipv4Packet.TryParse(packet, out var ip));
        Assert.True(UdpDatagram.TryParse(ip.Payload, out var datagram));
        Assert.Equal((53, 4000), (datagram.SourcePort, datagram.DestinationPort));
        Assert.Equal("answer"u8.ToArray(), datagram.Payload.ToArray());
        var sum = InternetChecksum.PseudoHeader(ip.Source, ip.Destination, IPProtocol.Udp, ip.Payload.Length);
        Assert.True(InternetChecksum.IsValid(InternetChecksum.Add(sum, ip.Payload)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_burst_that_the_kernel_left_in_one_packet_is_the_datagrams_that_were_sent(bool ipv6)
    {
        var (source, target) = ipv6 ? (Source6, Target6) : (Source4, Target4);
        var header = ipv6 ? 40 : 20;
        var burst = new byte[2500];
        new Random(1).NextBytes(burst);
        var offload = new PacketOffload(true, (ushort)header, 6, Segmentation.Udp, 1200, (ushort)(header + 8));
        _fixture.Send(StackFixture.Udp(source, target, 4000, 443, burst), offload);
        _fixture.Send(StackFixture.Udp(source, target, 4000, 443, burst), offload);

        var flow = Assert.Single(_fixture.UdpFlows);
        foreach (var expected in burst.Chunk(1200).Concat(burst.Chunk(1200)))
        {
            Assert.Equal(expected, flow.ReadAsync(default).Now()!.Value.ToArray());
        }
        Assert.Equal(5000, flow.Statistics.BytesSent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Answers_of_equal_length_go_out_in_one_packet_that_the_device_cuts(bool ipv6)
    {
        var fixture = new StackFixture(offloads: DeviceOffloads.All);
        var (source, target) = ipv6 ? (Source6, Target6) : (Source4, Target4);
        fixture.Send(StackFixture.Udp(source, target, 4000, 443, "x"u8));
        byte[][] answers =
        [
            [1, 2, 3, 4],
            [5, 6, 7, 8],
            [9],
            [10, 11, 12, 13],
            [14, 15, 16, 17, 18],
        ];
        foreach (var answer in answers)
        {
            Assert.True(fixture.UdpFlows[0].Send(answer));
        }
        fixture.Settle();

        var (cut, packets) = (new PacketBuffer(), 0);
        var received = new List<byte[]>();
        for (; fixture.ReceiveWithOffload() is var (bytes, offload); packets++)
        {
            var whole = new PacketBuffer { Length = bytes.Length, Offload = offload };
            bytes.CopyTo(whole.Packet);
            var segmenter = new Segmenter(whole);
            while (segmenter.TryNext(cut))
            {
                received.Add(PayloadOf(cut.Packet));
            }
        }
        Assert.Equal(3, packets);
        Assert.Equal(answers, received);
    }

    [Fact]
    public void What_is_longer_than_the_mtu_goes_alone_in_fragments()
    {
        var fixture = new StackFixture(offloads: DeviceOffloads.All);
        fixture.Send(StackFixture.Udp(Source4, Target4, 4000, 443, "x"u8));
        fixture.UdpFlows[0].Send(new byte[1473]);
        fixture.UdpFlows[0].Send(new byte[1473]);
        fixture.Settle();

        foreach (var length in (int[])[1500, 21, 1500, 21])
        {
            var (packet, offload) = fixture.ReceiveWithOffload()!.Value;
            Assert.Equal((length, default), (packet.Length, offload));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Unreachable_quotes_the_ports(bool ipv6)
    {
        _fixture.Send(StackFixture.Udp(ipv6 ? Source6 : Source4, ipv6 ? Target6 : Target4, 4000, 99, "x"u8));
        _fixture.UdpFlows[0].Unreachable();
        _fixture.Settle();

        var packet = _fixture.Receive()!;
        var header = ipv6 ? 40 : 20;
        Assert.Equal(ipv6 ? 1 : 3, packet[header]);
        Assert.Equal(ipv6 ? 4 : 3, packet[header + 1]);
        var quoted = packet.AsSpan(header + 8 + header);
        Assert.Equal(4000, BinaryPrimitives.ReadUInt16BigEndian(quoted));
        Assert.Equal(99, BinaryPrimitives.ReadUInt16BigEndian(quoted[2..]));
        Assert.Empty(_fixture.Stack.Snapshot().Udp);
    }

    [Fact]
    public void After_close_the_next_datagram_opens_a_new_flow()
    {
        _fixture.Send(StackFixture.Udp(Source4, Target4, 4000, 53, "a"u8));
        _fixture.UdpFlows[0].Close();
        _fixture.Settle();
        Assert.False(_fixture.UdpFlows[0].Send("late"u8));
        _fixture.Send(StackFixture.Udp(Source4, Target4, 4000, 53, "b"u8));

        Assert.Equal(2, _fixture.UdpFlows.Count);
        Assert.Equal("a"u8.ToArray(), _fixture.UdpFlows[0].ReadAsync(default).Now()!.Value.ToArray());
        Assert.Null(_fixture.UdpFlows[0].ReadAsync(default).Now());
    }

    [Fact]
    public void An_idle_flow_is_forgotten()
    {
        _fixture.Send(StackFixture.Udp(Source4, Target4, 4000, 53, "a"u8));
        _fixture.Pass(TimeSpan.FromMinutes(4));
        _fixture.UdpFlows[0].Send("still used"u8);
        _fixture.Settle();
        _fixture.Pass(TimeSpan.FromMinutes(4));
        Assert.Single(_fixture.Stack.Snapshot().Udp);
        _fixture.Pass(TimeSpan.FromMinutes(2));

        Assert.Empty(_fixture.Stack.Snapshot().Udp);
    }

    [Fact]
    public void A_reader_that_does_not_read_costs_a_bounded_queue()
    {
        var packet = StackFixture.Udp(Source4, Target4, 4000, 53, new byte[1200]);
        for (var i = 0; i < 4000; i++)
        {
            _fixture.Send(packet);
        }

        Assert.True(_fixture.Drops(DropReason.UdpQueueFull) > 1000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Echo_requests_are_answered(bool ipv6)
    {
        byte[] request = [(byte)(ipv6 ? 128 : 8), 0, 0, 0, 1, 2, 3, 4, 9, 9, 9];
        var (source, target) = ipv6 ? (Source6, Target6) : (Source4, Target4);
        _fixture.Send(StackFixture.Ip(source, target, ipv6 ? IPProtocol.Icmpv6 : IPProtocol.Icmp, request));

        request[0] = (byte)(ipv6 ? 129 : 0);
        Assert.Equal(
            StackFixture.Ip(target, source, ipv6 ? IPProtocol.Icmpv6 : IPProtocol.Icmp, request)[(ipv6 ? 40 : 20)..],
            _fixture.Receive()![(ipv6 ? 40 : 20)..]
        );
    }

    [Theory]
    [InlineData("10.0.0.1", "10.96.0.5")]
    [InlineData("fd00::1", "fd10::5")]
    public void A_datagram_longer_than_the_link_goes_out_in_fragments(string source, string target)
    {
        var payload = new byte[65_507];
        new Random(1).NextBytes(payload);
        _fixture.Send(StackFixture.Udp(StackFixture.Address(source), StackFixture.Address(target), 4000, 53, "big"u8));
        Assert.True(_fixture.UdpFlows[0].Send(payload));
        _fixture.Settle();

        var received = new byte[8 + payload.Length];
        var total = 0;
        while (_fixture.Receive() is { } packet)
        {
            Assert.True(packet.Length <= 1500, $"{packet.Length} bytes");
            if (Ipv4Packet.TryParse(packet, out var v4))
            {
                v4.Payload.CopyTo(received.AsSpan(v4.FragmentOffset));
                total += v4.Payload.Length;
                Assert.Equal(total < received.Length, v4.MoreFragments);
                Assert.False(v4.DontFragment);
            }
            else
            {
                Assert.True(Ipv6Packet.TryParse(packet, out var v6));
                v6.Payload.CopyTo(received.AsSpan(v6.FragmentOffset));
                total += v6.Payload.Length;
                Assert.Equal(total < received.Length, v6.MoreFragments);
            }
        }

        Assert.Equal(received.Length, total);
        Assert.Equal(payload, received[8..]);
    }

    [Fact]
    public void A_full_table_forgets_the_oldest_idle_flow()
    {
        var fixture = new StackFixture(new IpStackOptions { MaximumUdpFlows = 10 });
        var used = StackFixture.Udp(Source4, Target4, 4000, 99, "used"u8);
        fixture.Send(used);
        for (ushort port = 5000; port < 6000; port++)
        {
            fixture.Send(used);
            fixture.Send(StackFixture.Udp(Source4, Target4, port, 99, "flood"u8));
        }

        Assert.Equal(10, fixture.Stack.Snapshot().Udp.Count);
        Assert.Equal(1001, fixture.UdpFlows.Count);
        Assert.Equal(991, fixture.Drops(DropReason.FlowLimit));
        Assert.Contains(fixture.UdpFlows[0], fixture.Stack.Snapshot().Udp);
        Assert.Equal("Closed", fixture.UdpFlows[1].Statistics.State);
    }

    private static byte[] PayloadOf(ReadOnlySpan<byte> packet)
    {
        var ip =
            packet[0] >> 4 == 4 && Ipv4Packet.TryParse(packet, out var v4) ? (v4.Source, v4.Destination, Header: 20)
            : Ipv6Packet.TryParse(packet, out var v6) ? (v6.Source, v6.Destination, Header: 40)
            : throw new InvalidDataException();
        var transport = packet[ip.Header..];
        var sum = InternetChecksum.PseudoHeader(ip.Source, ip.Destination, IPProtocol.Udp, transport.Length);
        Assert.True(InternetChecksum.IsValid(InternetChecksum.Add(sum, transport)));
        Assert.True(UdpDatagram.TryParse(transport, out var datagram));
        return datagram.Payload.ToArray();
    }
}
