using System.Buffers.Binary;
using Telepresence.Engine.Vif;

namespace Telepresence.UnitTests.Vif;

public sealed class SegmenterTests
{
    [Theory]
    [InlineData(true, 4000, 1460)]
    [InlineData(true, 1460, 1460)]
    [InlineData(false, 65_000, 1440)]
    [InlineData(false, 1, 1440)]
    public void A_tcp_super_packet_becomes_segments_with_right_sums_numbers_and_flags(bool v4, int payload, int size)
    {
        var packet = Packet(v4, tcp: true, payload, size);
        var segments = Cut(packet);

        Assert.Equal((payload + size - 1) / size, segments.Count);
        var transport = v4 ? 20 : 40;
        var sequence = 0xFFFF_FF00u;
        var data = new List<byte>();
        for (var i = 0; i < segments.Count; i++)
        {
            var segment = segments[i];
            AssertSums(segment, v4, tcp: true);
            Assert.Equal(sequence, BinaryPrimitives.ReadUInt32BigEndian(segment.AsSpan(transport + 4)));
            var flags = segment[transport + 13];
            Assert.Equal(i == segments.Count - 1 ? 0x09 : 0, flags & 0x09);
            Assert.Equal(i == 0 ? 0x80 : 0, flags & 0x80);
            if (v4)
            {
                Assert.Equal((ushort)(0xFFFE + i), BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(4)));
            }
            var bytes = segment[(transport + 20)..];
            sequence += (uint)bytes.Length;
            data.AddRange(bytes);
        }
        Assert.Equal(packet.Packet[(transport + 20)..].ToArray(), data);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_udp_super_packet_becomes_datagrams(bool v4)
    {
        var segments = Cut(Packet(v4, tcp: false, 5000, 1200));
        Assert.Equal([1200, 1200, 1200, 1200, 200], segments.Select(s => s.Length - (v4 ? 28 : 48)));
        Assert.All(segments, s => AssertSums(s, v4, tcp: false));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_partial_checksum_is_completed(bool v4, bool tcp)
    {
        var packet = Packet(v4, tcp, 333, 0);
        var segment = Assert.Single(Cut(packet));
        AssertSums(segment, v4, tcp, ipHeader: false);
    }

    [Fact]
    public void Facts_that_contradict_the_packet_yield_nothing_and_never_throw()
    {
        var random = new Random(11);
        for (var i = 0; i < 100_000; i++)
        {
            var packet = new PacketBuffer2(random).Buffer;
            var segmenter = new Segmenter(packet);
            var segments = 0;
            while (segmenter.TryNext(Scratch))
            {
                segments++;
                Assert.True(segments <= packet.Length);
            }
        }
    }

    [Fact]
    public void Support_depends_on_kind_family_and_checksum()
    {
        var tcp4 = Packet(v4: true, tcp: true, 4000, 1460);
        Assert.True(Segmenter.IsSupported(tcp4, DeviceOffloads.All));
        Assert.False(Segmenter.IsSupported(tcp4, DeviceOffloads.Checksum | DeviceOffloads.Tcp6Segmentation));
        Assert.False(Segmenter.IsSupported(tcp4, DeviceOffloads.Tcp4Segmentation));
        var udp6 = Packet(v4: false, tcp: false, 4000, 1200);
        Assert.False(Segmenter.IsSupported(udp6, DeviceOffloads.All & ~DeviceOffloads.Udp6Segmentation));
        Assert.True(Segmenter.IsSupported(new PacketBuffer { Length = 40 }, DeviceOffloads.None));
    }

    private static readonly PacketBuffer Scratch = new();

    /// <summary>One shared buffer of noise with offload facts of noise.</summary>
    private readonly struct PacketBuffer2
    {
        private static readonly PacketBuffer Shared = new();

        public PacketBuffer2(Random random)
        {
            Buffer = Shared;
            Buffer.Length = random.Next(200);
            random.NextBytes(Buffer.Packet);
            if (Buffer.Length > 0)
            {
                Buffer.Packet[0] = (byte)(random.Next(2) == 0 ? 0x40 + random.Next(16) : 0x60);
            }
            Buffer.Offload = new PacketOffload(
                random.Next(2) == 0,
                (ushort)random.Next(random.Next(2) == 0 ? 60 : 65_536),
                (ushort)random.Next(random.Next(2) == 0 ? 20 : 65_536),
                (Segmentation)random.Next(256),
                (ushort)random.Next(random.Next(2) == 0 ? 100 : 65_536),
                (ushort)random.Next(65_536)
            );
        }

        public PacketBuffer Buffer { get; }
    }

    private static List<byte[]> Cut(PacketBuffer packet)
    {
        var segments = new List<byte[]>();
        var segment = new PacketBuffer();
        var segmenter = new Segmenter(packet);
        while (segmenter.TryNext(segment))
        {
            Assert.Equal(default, segment.Offload);
            segments.Add(segment.Packet.ToArray());
        }
        return segments;
    }

    private static PacketBuffer Packet(bool v4, bool tcp, int payload, int segmentSize)
    {
        var transport = v4 ? 20 : 40;
        var headers = transport + (tcp ? 20 : 8);
        var packet = new PacketBuffer { Length = headers + payload };
        var bytes = packet.Packet;
        new Random(payload).NextBytes(bytes);
        if (v4)
        {
            bytes[0] = 0x45;
            bytes[9] = (byte)(tcp ? 6 : 17);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)bytes.Length);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], 0xFFFE);
        }
        else
        {
            bytes[0] = 0x60;
            bytes[6] = (byte)(tcp ? 6 : 17);
            BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)(bytes.Length - 40));
        }
        var checksumOffset = tcp ? 16 : 6;
        if (tcp)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[(transport + 4)..], 0xFFFF_FF00);
            bytes[transport + 12] = 0x50;
            bytes[transport + 13] = 0x99;
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes[(transport + 4)..], (ushort)(bytes.Length - transport));
        }
        var pseudo =
            Sum(bytes.Slice(v4 ? 12 : 8, v4 ? 8 : 32)) + (ulong)(tcp ? 6 : 17) + (ulong)(bytes.Length - transport);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[(transport + checksumOffset)..], Fold(pseudo));
        packet.Offload = new PacketOffload(
            true,
            (ushort)transport,
            (ushort)checksumOffset,
            segmentSize == 0 ? Segmentation.None
                : !tcp ? Segmentation.Udp
                : v4 ? Segmentation.Tcp4
                : Segmentation.Tcp6,
            (ushort)segmentSize,
            (ushort)headers
        );
        return packet;
    }

    private static void AssertSums(byte[] segment, bool v4, bool tcp, bool ipHeader = true)
    {
        var transport = v4 ? 20 : 40;
        var length = segment.Length - transport;
        var addresses = segment.AsSpan(v4 ? 12 : 8, v4 ? 8 : 32);
        var sum = Sum(addresses) + (ulong)(tcp ? 6 : 17) + (ulong)length + Sum(segment.AsSpan(transport));
        Assert.Equal(0xFFFF, Fold(sum));
        if (!ipHeader)
        {
            return;
        }
        if (v4)
        {
            Assert.Equal(0xFFFF, Fold(Sum(segment.AsSpan(0, 20))));
            Assert.Equal(segment.Length, BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(2)));
        }
        else
        {
            Assert.Equal(length, BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(4)));
        }
        if (!tcp)
        {
            Assert.Equal(length, BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(transport + 4)));
        }
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            sum += (ulong)bytes[i] << (i % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    private static ushort Fold(ulong sum)
    {
        while (sum > 0xFFFF)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        return (ushort)sum;
    }
}
