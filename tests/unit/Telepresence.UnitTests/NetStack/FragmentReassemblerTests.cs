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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_longest_datagram_arrives(bool ipv6)
    {
        var payload = new byte[65_507];
        new Random(5).NextBytes(payload);
        foreach (var fragment in Cut(ipv6, payload, 1448, 9))
        {
            _fixture.Send(fragment);
        }

        Assert.Equal(payload, Assert.Single(_fixture.UdpFlows).ReadAsync(default).Now()!.Value.ToArray());
    }

    [Fact]
    public void A_fragment_that_comes_twice_does_no_harm()
    {
        var fragments = Cut(ipv6: false, new byte[3000], 1400, 5);
        foreach (var index in (int[])[0, 0, 2, 2, 1])
        {
            _fixture.Send(fragments[index]);
        }

        Assert.Equal(3000, Assert.Single(_fixture.UdpFlows).ReadAsync(default).Now()!.Value.Length);
    }

    [Fact]
    public void A_copy_with_other_bytes_is_an_overlap()
    {
        var fragments = Cut(ipv6: true, new byte[3000], 1400, 5);
        _fixture.Send(fragments[0]);
        fragments[0][^1] ^= 1;
        _fixture.Send(fragments[0]);
        _fixture.Send(fragments[1]);
        _fixture.Send(fragments[2]);

        Assert.Empty(_fixture.UdpFlows);
        Assert.Equal(3, _fixture.Drops(DropReason.FragmentOverlap));
    }

    [Fact]
    public void A_flood_of_fragments_does_not_keep_a_datagram_out()
    {
        for (ushort id = 0; id < 1000; id++)
        {
            _fixture.Send(Cut(ipv6: false, new byte[3000], 1400, id)[0]);
        }

        Cut(ipv6: false, new byte[3000], 1400, 2000).ForEach(fragment => _fixture.Send(fragment));

        Assert.Single(_fixture.UdpFlows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_sender_of_an_incomplete_datagram_is_told(bool ipv6)
    {
        var first = Cut(ipv6, new byte[3000], 1400, 5)[0];
        _fixture.Send(first);
        _fixture.Pass(TimeSpan.FromSeconds(20));

        var packet = _fixture.Receive()!;
        var header = ipv6 ? 40 : 20;
        Assert.Equal(ipv6 ? (3, 1) : (11, 1), ((int)packet[header], (int)packet[header + 1]));
        var quoted = packet.AsSpan(header + 8 + header);
        Assert.Equal(4000, BinaryPrimitives.ReadUInt16BigEndian(quoted));
        Assert.True(packet.Length <= (ipv6 ? 1280 : 576), $"{packet.Length} bytes");
    }

    [Fact]
    public void Nobody_is_told_where_the_first_fragment_is_missing()
    {
        _fixture.Send(Cut(ipv6: false, new byte[3000], 1400, 5)[1]);
        _fixture.Pass(TimeSpan.FromSeconds(20));

        Assert.Equal(1, _fixture.Drops(DropReason.FragmentTimeout));
        Assert.Null(_fixture.Receive());
    }

    [Theory]
    // Length no multiple of eight: the payload length field. Beyond 65,535 bytes: the fragment offset field.
    [InlineData(0, 1399, true, 0, 4)]
    [InlineData(65_528, 1400, false, 0, 42)]
    // The TCP header does not fit (RFC 7112).
    [InlineData(0, 8, true, 3, 0)]
    public void A_bad_ipv6_fragment_is_reported(int offset, int length, bool more, int code, int field)
    {
        var packet = new byte[48 + length];
        Ipv6Packet.WriteHeader(packet, Source6, Target6, IPProtocol.Tcp, packet.Length - 40);
        Ipv6Packet.WriteFragmentHeader(packet, 7, offset, more);
        _fixture.Send(packet);

        Assert.Equal(1, _fixture.Drops(DropReason.FragmentMalformed));
        var answer = _fixture.Receive()!;
        Assert.Equal((4, code), ((int)answer[40], (int)answer[41]));
        Assert.Equal((uint)field, BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(44)));
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
