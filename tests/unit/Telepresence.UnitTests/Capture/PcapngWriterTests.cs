using System.Buffers.Binary;
using System.Net;
using System.Text;
using Telepresence.Engine.Capture;

namespace Telepresence.UnitTests.Capture;

public class PcapngWriterTests
{
    [Fact]
    public async Task Blocks_have_their_length_at_both_ends_and_are_padded()
    {
        using var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);
        await writer.BeginAsync("application", "tel0", "session x", default);
        await writer.WriteNameAsync(IPAddress.Parse("10.0.0.1"), "web.demo.svc", default);
        await writer.WritePacketAsync(new CapturedPacket(0x1_0000_0002, true, [1, 2, 3, 9], 3), default);
        await writer.WriteStatisticsAsync(5, 7, 2, "no filter", default);

        var blocks = Blocks(stream.ToArray());

        Assert.Equal([0x0A0D0D0A, 1, 4, 6, 5], blocks.Select(b => b.Type));
        Assert.Equal(stream.Length, writer.Written);
        var names = blocks[2].Body;
        Assert.Equal([1, 0, 17, 0, 10, 0, 0, 1], names[..8]);
        Assert.Equal("web.demo.svc\0", Encoding.UTF8.GetString(names, 8, 13));
        var packet = blocks[3].Body;
        // Interface, time high and low, both lengths, three bytes and a pad.
        Assert.Equal([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3, 0], packet[..24]);
        // Flags: inbound.
        Assert.Equal([2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0], packet[24..]);
    }

    [Fact]
    public async Task The_largest_packet_fits()
    {
        using var stream = new MemoryStream();
        var writer = new PcapngWriter(stream);

        await writer.WritePacketAsync(new CapturedPacket(0, false, new byte[65_575], 65_575), default);

        Assert.Equal(6, Assert.Single(Blocks(stream.ToArray())).Type);
    }

    private static List<(int Type, byte[] Body)> Blocks(byte[] file)
    {
        var blocks = new List<(int, byte[])>();
        for (var at = 0; at < file.Length; )
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4));
            Assert.Equal(0, length % 4);
            Assert.Equal(length, BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + length - 4)));
            blocks.Add((BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at)), file[(at + 8)..(at + length - 4)]));
            at += length;
        }
        return blocks;
    }
}
