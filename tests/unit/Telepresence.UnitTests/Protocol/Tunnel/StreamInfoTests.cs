using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.Protocol.Tunnel;

public class StreamInfoTests
{
    // The example every implementation agrees on, without the code byte in front.
    private const string Vector = "0280a8d6b90780bcc1960b0d0a00000104000a60000a00500603616263";

    private static readonly StreamInfo VectorInfo = new(
        new ConnId(IPEndPoint.Parse("10.0.0.1:1024"), IPEndPoint.Parse("10.96.0.10:80"), ProtocolType.Tcp),
        "abc",
        TimeSpan.FromSeconds(2),
        TimeSpan.FromSeconds(3)
    );

    [Fact]
    public void Encodes_the_vector() => Assert.Equal(Vector, Convert.ToHexStringLower(VectorInfo.ToByteArray()));

    [Fact]
    public void Decodes_the_vector()
    {
        Assert.True(StreamInfo.TryParse(Convert.FromHexString(Vector), out var info));
        Assert.Equal(VectorInfo, info);
    }

    [Fact]
    public void Trailing_bytes_are_ignored()
    {
        Assert.True(StreamInfo.TryParse(Convert.FromHexString(Vector + "ffff"), out var info));
        Assert.Equal(VectorInfo, info);
    }

    [Fact]
    public void Every_cut_is_refused()
    {
        var bytes = Convert.FromHexString(Vector);
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(StreamInfo.TryParse(bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void What_is_encoded_is_decoded() =>
        Prop.ForAll(
                ArbMap
                    .Default.GeneratorFor<uint>()
                    .Four()
                    .Zip(ArbMap.Default.GeneratorFor<NonNull<string>>())
                    .ToArbitrary(),
                sample =>
                {
                    var ((a, b, c, d), session) = sample;
                    var info = new StreamInfo(
                        new ConnId(EndPoint(a, c), EndPoint(b, d), ProtocolType.Udp),
                        // Lone surrogates have no UTF-8.
                        session.Get.Replace('\ud800', '?'),
                        TimeSpan.FromTicks(c),
                        TimeSpan.FromTicks((long)d * 1000)
                    );
                    if (session.Get.Any(char.IsSurrogate))
                        return true;
                    return StreamInfo.TryParse(info.ToByteArray(), out var parsed) && info == parsed;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Nonsense_never_throws()
    {
        var random = new Random(1);
        var valid = Convert.FromHexString(Vector);
        for (var i = 0; i < 100_000; i++)
        {
            byte[] bytes;
            if (i % 2 == 0)
            {
                bytes = new byte[random.Next(0, 80)];
                random.NextBytes(bytes);
            }
            else
            {
                bytes = valid.ToArray();
                for (var n = random.Next(1, 4); n > 0; n--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }
            if (StreamInfo.TryParse(bytes, out var info))
                Assert.True(StreamInfo.TryParse(info!.ToByteArray(), out _));
        }
    }

    private static IPEndPoint EndPoint(uint address, uint port)
    {
        var bytes = BitConverter.GetBytes(address);
        return address % 3 == 0
            ? new IPEndPoint(new IPAddress([0x20, 1, .. bytes, .. bytes, .. bytes, 0, 1]), (ushort)port)
            : new IPEndPoint(new IPAddress(bytes), (ushort)port);
    }
}
