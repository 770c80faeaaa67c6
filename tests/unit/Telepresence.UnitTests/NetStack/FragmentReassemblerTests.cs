using System.Buffers.Binary;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack;

public class FragmentReassemblerTests
{
    private static readonly NetAddress Source4 = StackFixture.Address("10.0.0.1");
    private static readonly NetAddress Target4 = StackFixture.Address("10.96.0.5");
    private static readonly NetAddress Source6 = StackFixture.Address("fd00::1");
    private static readonly NetAddress Target6 = StackFixture.Address("fd10::5");
    private readonly StackFixture _fixture = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fragments_in_any_order_make_the_datagram(bool ipv6)
    {
        var payload = new byte[5000];
        new Random(3).NextBytes(payload);
        var fragments = Cut(ipv6, payload, 1400, 77);
        foreach (var index in (int[])[2, 0, 3, 1])
        {
            _fixture.Send(fragments[index]);
        }

        Assert.Equal(payload, Assert.Single(_fixture.UdpFlows).ReadAsync(default).Now()!.Value.ToArray());
    }

    [Fact]
    public void Overlapping_fragments_are_refused_whole()
    {
        var fragments = Cut(ipv6: false, new byte[3000], 1400, 5);
        _fixture.Send(fragments[0]);
        var overlapping = fragments[1].ToArray();
        SetFragment(overlapping, 1400 - 8, more: true);
        _fixture.Send(overlapping);
        _fixture.Send(fragments[1]);
        _fixture.Send(fragments[2]);

        Assert.Empty(_fixture.UdpFlows);
        Assert.Equal(3, _fixture.Drops(DropReason.FragmentOverlap));
    }

    [Fact]
    public void Incomplete_datagrams_expire()
    {
        _fixture.Send(Cut(ipv6: false, new byte[3000], 1400, 5)[0]);
        _fixture.Pass(TimeSpan.FromSeconds(20));

        Assert.Equal(1, _fixture.Drops(DropReason.FragmentTimeout));
    }

    [Fact]
    public void The_number_of_incomplete_datagrams_is_bounded()
    {
        for (ushort id = 0; id < 100; id++)
        {
            _fixture.Send(Cut(ipv6: false, new byte[3000], 1400, id)[0]);
        }

        Assert.Equal(68, _fixture.Drops(DropReason.FragmentLimit));
    }

    [Fact]
    public void A_datagram_that_would_be_too_long_is_refused()
    {
        var fragment = Cut(ipv6: false, new byte[3000], 1400, 5)[1];
        SetFragment(fragment, 65_528, more: false);
        _fixture.Send(fragment);

        Assert.Equal(1, _fixture.Drops(DropReason.FragmentMalformed));
    }

    private static List<byte[]> Cut(bool ipv6, byte[] payload, int size, ushort id)
    {
        var whole = ipv6
            ? StackFixture.Udp(Source6, Target6, 4000, 53, payload).AsSpan(40)
            : StackFixture.Udp(Source4, Target4, 4000, 53, payload).AsSpan(20);
        var fragments = new List<byte[]>();
        for (var offset = 0; offset < whole.Length; offset += size)
        {
            var piece = whole[offset..Math.Min(whole.Length, offset + size)];
            var more = offset + piece.Length < whole.Length;
            var packet = new byte[(ipv6 ? 48 : 20) + piece.Length];
            if (ipv6)
            {
                Ipv6Packet.WriteHeader(packet, Source6, Target6, IPProtocol.Fragment, packet.Length - 40);
                packet[40] = IPProtocol.Udp;
                BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(42), (ushort)(offset | (more ? 1 : 0)));
                BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(44), id);
                piece.CopyTo(packet.AsSpan(48));
            }
            else
            {
                Ipv4Packet.WriteHeader(packet, Source4, Target4, IPProtocol.Udp, packet.Length, id);
                piece.CopyTo(packet.AsSpan(20));
                SetFragment(packet, offset, more);
            }

            fragments.Add(packet);
        }

        return fragments;
    }

    private static void SetFragment(byte[] packet, int offset, bool more)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)(offset / 8 | (more ? 0x2000 : 0)));
        packet[10] = packet[11] = 0;
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(0, packet.AsSpan(0, 20)));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), checksum);
    }
}
