using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.Packets;

public class InternetChecksumTests
{
    [Fact]
    public void Rfc1071_example()
    {
        byte[] bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];

        Assert.Equal(0xddf2, InternetChecksum.Fold(InternetChecksum.Add(0, bytes)));
        Assert.Equal(0x220d, InternetChecksum.Finish(InternetChecksum.Add(0, bytes)));
    }

    [Fact]
    public void Equals_the_plain_sum_for_any_bytes() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                bytes => InternetChecksum.Fold(InternetChecksum.Add(0, bytes)) == PlainSum(bytes)
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Equals_the_plain_sum_for_every_length_up_to_a_super_packet()
    {
        var random = new Random(1);
        for (var length = 0; length < 65_535; length += length < 300 ? 1 : 1999)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            Assert.Equal(PlainSum(bytes), InternetChecksum.Fold(InternetChecksum.Add(0, bytes)));
        }
    }

    [Fact]
    public void Is_valid_once_stored_in_the_packet()
    {
        var random = new Random(2);
        var bytes = new byte[1481];
        random.NextBytes(bytes);
        bytes[16] = bytes[17] = 0;
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(0, bytes));
        bytes[16] = (byte)(checksum >> 8);
        bytes[17] = (byte)checksum;

        Assert.True(InternetChecksum.IsValid(InternetChecksum.Add(0, bytes)));
        bytes[700] ^= 1;
        Assert.False(InternetChecksum.IsValid(InternetChecksum.Add(0, bytes)));
    }

    private static ushort PlainSum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += (uint)(bytes[i] << 8 | (i + 1 < bytes.Length ? bytes[i + 1] : 0));
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)sum;
    }
}
