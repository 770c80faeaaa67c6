using System.Buffers.Binary;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack.Tcp;

/// <summary>RFC 1191 and RFC 8201 as a host needs them, RFC 5927 §7.2 against forgers.</summary>
public class PathMtuTests
{
    private readonly StackFixture _fixture = new();

    [Theory]
    [InlineData(false, 1300, 1260)]
    [InlineData(true, 1400, 1340)]
    // Less than any path of today has: not believed.
    [InlineData(false, 68, 512)]
    [InlineData(true, 200, 1220)]
    public void Segments_shrink_to_what_a_router_says(bool ipv6, int mtu, int expected)
    {
        var peer = new ScriptedPeer(_fixture, ipv6);
        var flow = peer.Open();
        Write(flow);
        var lost = _fixture.Receive()!;
        Drain();
        _fixture.Send(TooBig(lost, mtu, ipv6));

        // What is sent again fits, and the first of it is as long as fits.
        _fixture.Pass(TimeSpan.FromSeconds(2));
        _fixture.Pass(TimeSpan.FromSeconds(2));
        Segment again;
        do
        {
            again = peer.Expect();
            Assert.True(again.Payload.Length <= expected, $"{again.Payload.Length} bytes");
        } while (again.Sequence != peer.StackNext);

        Assert.Equal(expected, again.Payload.Length);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100_000)]
    public void A_number_that_is_not_in_flight_is_not_believed(int distance)
    {
        var peer = new ScriptedPeer(_fixture);
        var flow = peer.Open();
        Write(flow);
        var packet = _fixture.Receive()!;
        Drain();
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(24), (uint)(peer.StackNext + distance));
        _fixture.Send(TooBig(packet, 600, ipv6: false));

        _fixture.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(1460, peer.Expect().Payload.Length);
        Assert.Equal(1, _fixture.Drops(DropReason.TcpUnacceptable));
    }

    [Fact]
    public void An_error_about_no_connection_is_dropped()
    {
        var packet = StackFixture.Ip(
            StackFixture.Address("10.96.0.5"),
            StackFixture.Address("10.0.0.1"),
            IPProtocol.Tcp,
            new byte[20]
        );
        _fixture.Send(TooBig(packet, 600, ipv6: false));

        Assert.Equal(1, _fixture.Drops(DropReason.NoConnection));
        Assert.Null(_fixture.Receive());
    }

    /// <summary>A router's error about a packet of the stack's, with as little of it as RFC 792 asks for.</summary>
    private static byte[] TooBig(byte[] packet, int mtu, bool ipv6)
    {
        var quote = packet.AsSpan(0, (ipv6 ? 40 : 20) + 8);
        var message = new byte[8 + quote.Length];
        IcmpMessage.WriteHeader(message, ipv6 ? (byte)2 : (byte)3, ipv6 ? (byte)0 : (byte)4, (uint)mtu);
        quote.CopyTo(message.AsSpan(8));
        return StackFixture.Ip(
            StackFixture.Address(ipv6 ? "fd00::1" : "10.0.0.1"),
            StackFixture.Address(ipv6 ? "fd10::5" : "10.96.0.5"),
            ipv6 ? IPProtocol.Icmpv6 : IPProtocol.Icmp,
            message
        );
    }

    private void Write(ITcpFlow flow)
    {
        flow.GetWriteMemoryAsync(default).Now().Span[..8000].Fill(1);
        flow.AdvanceWrite(8000);
        _fixture.Settle();
    }

    private void Drain()
    {
        while (_fixture.Receive() is not null) { }
    }
}
