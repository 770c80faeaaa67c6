using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns;

public sealed class DnsNameTests
{
    private static (bool Ok, string Text, int Offset) Read(byte[] message, int offset = 0, bool pointers = true)
    {
        Span<char> text = stackalloc char[DnsName.MaxTextLength];
        var ok = DnsName.TryRead(message, ref offset, pointers, text, out var length);
        return (ok, ok ? new string(text[..length]) : "", offset);
    }

    [Fact]
    public void Any_labels_round_trip_and_come_back_in_lower_case()
    {
        var label =
            from length in Gen.Choose(1, 63)
            from bytes in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(length)
            select bytes;

        Prop.ForAll(
                label.ListOf().Select(labels => labels.Take(3).ToArray()).ToArbitrary(),
                labels =>
                {
                    byte[] wire = [.. labels.SelectMany(l => new[] { (byte)l.Length }.Concat(l)), 0];
                    var (ok, text, offset) = Read(wire);
                    Assert.True(ok);
                    Assert.Equal(wire.Length, offset);
                    var written = new byte[DnsName.MaxWireLength];
                    Assert.True(DnsName.TryWrite(text, written, out var length));
                    Assert.Equal(wire.Select(Lower), written.Take(length));
                }
            )
            .QuickCheckThrowOnFailure();

        static byte Lower(byte b, int _) => b is >= 0x41 and <= 0x5A ? (byte)(b | 0x20) : b;
    }

    [Fact]
    public void Pointers_lead_backwards_only()
    {
        byte[] message = [1, (byte)'a', 0, 1, (byte)'B', 0xC0, 0, 0xC0, 3, 0xC0, 9, 0xC0, 12];

        Assert.Equal((true, "b.a.", 7), Read(message, 3));
        Assert.Equal((true, "b.a.", 9), Read(message, 7));
        Assert.False(Read(message, 9).Ok);
        Assert.False(Read(message, 11).Ok);
        Assert.False(Read(message, 3, pointers: false).Ok);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b.")]
    [InlineData(".a.")]
    [InlineData("a\\")]
    [InlineData("a\\25")]
    [InlineData("a\\256.")]
    [InlineData("ü.")]
    public void Text_that_is_no_name_is_not_written(string text)
    {
        var destination = new byte[DnsName.MaxWireLength];

        Assert.Equal(text.Length == 0, DnsName.TryWrite(text, destination, out _));
        Assert.False(DnsName.TryWrite(new string('a', 64), destination, out _));
        Assert.False(DnsName.TryWrite(string.Join('.', Enumerable.Repeat(new string('a', 63), 4)), destination, out _));
        Assert.True(DnsName.TryWrite(string.Join('.', Enumerable.Repeat(new string('a', 61), 4)), destination, out _));
    }

    [Fact]
    public void Odd_bytes_are_escaped()
    {
        Assert.Equal(
            "a\\.b\\\\\\032\\255.",
            Read([6, (byte)'A', (byte)'.', (byte)'b', (byte)'\\', 0x20, 0xFF, 0]).Text
        );
    }
}
