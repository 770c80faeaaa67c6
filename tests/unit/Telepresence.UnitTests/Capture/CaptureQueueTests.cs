using Telepresence.Engine.Capture;
using Telepresence.Engine.Packets;
using Telepresence.UnitTests.NetStack;

namespace Telepresence.UnitTests.Capture;

public class CaptureQueueTests
{
    [Fact]
    public void What_does_not_fit_is_dropped_and_counted()
    {
        var queue = new CaptureQueue(PacketFilter.All, TimeProvider.System);

        for (var i = 0; i < 20_000; i++)
        {
            queue.OnPacket([1], isInbound: true);
        }

        Assert.Equal(20_000, queue.Seen);
        Assert.Equal(20_000 - 16_384, queue.Dropped);
        Assert.True(queue.TryTake(out var packet));
        queue.Return(packet);
        queue.OnPacket([1], isInbound: true);
        Assert.Equal(20_000 - 16_384, queue.Dropped);
    }

    [Fact]
    public void Large_packets_fill_it_by_their_bytes()
    {
        var queue = new CaptureQueue(PacketFilter.All, TimeProvider.System);
        var large = new byte[65_536];

        for (var i = 0; i < 1_030; i++)
        {
            queue.OnPacket(large, isInbound: true);
        }

        Assert.Equal(6, queue.Dropped);
    }

    [Fact]
    public void A_tap_sees_both_directions_until_it_is_removed()
    {
        var fixture = new StackFixture();
        var queue = new CaptureQueue(PacketFilter.Parse("icmp"), TimeProvider.System);
        var datagram = StackFixture.Ip(
            StackFixture.Address("10.0.0.1"),
            StackFixture.Address("10.96.0.5"),
            IPProtocol.Udp,
            new byte[8]
        );
        fixture.Tap.Add(queue);

        fixture.Send(datagram);
        Assert.Equal(0, queue.Seen);
        fixture.Tap.Remove(queue);
        var all = new CaptureQueue(PacketFilter.All, TimeProvider.System);
        fixture.Tap.Add(all);
        fixture.Send(datagram);
        fixture.Tap.Remove(all);
        fixture.Send(datagram);

        Assert.Equal(1, all.Seen);
        Assert.True(all.TryTake(out var packet));
        Assert.False(packet.IsInbound);
        Assert.Equal(datagram, packet.Packet.ToArray());
    }

    [Fact]
    public void What_the_stack_sends_is_inbound()
    {
        var fixture = new StackFixture();
        var queue = new CaptureQueue(PacketFilter.All, TimeProvider.System);
        fixture.Tap.Add(queue);

        // A segment of no connection is answered with RST.
        var segment = new byte[20];
        TcpSegment.WriteHeader(segment, new TcpFields(40_000, 80, new(1), new(1), TcpFlags.Acknowledgment, 1024), []);
        fixture.Send(
            StackFixture.Ip(
                StackFixture.Address("10.0.0.1"),
                StackFixture.Address("10.96.0.5"),
                IPProtocol.Tcp,
                segment
            )
        );

        Assert.True(queue.TryTake(out var sent));
        Assert.False(sent.IsInbound);
        Assert.True(queue.TryTake(out var answer));
        Assert.True(answer.IsInbound);
        Assert.Equal(fixture.Receive(), answer.Packet.ToArray());
    }
}
