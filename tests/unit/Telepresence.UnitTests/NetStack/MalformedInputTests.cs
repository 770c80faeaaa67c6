using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack;

public class MalformedInputTests
{
    private static readonly NetAddress Source4 = StackFixture.Address("10.0.0.1");
    private static readonly NetAddress Target4 = StackFixture.Address("10.96.0.5");
    private static readonly NetAddress Source6 = StackFixture.Address("fd00::1");
    private static readonly NetAddress Target6 = StackFixture.Address("fd10::5");

    [Fact]
    public void Hostile_packets_are_dropped_and_counted_and_other_flows_live_on()
    {
        var fixture = new StackFixture(new IpStackOptions { MaximumFlows = 200 });
        var peer = new Tcp.ScriptedPeer(fixture);
        var flow = peer.Open();
        var random = new Random(7);
        var transport = new byte[120];
        for (var i = 0; i < 100_000; i++)
        {
            random.NextBytes(transport);
            var length = random.Next(transport.Length);
            fixture.Put(Packet(random, transport.AsSpan(0, length)));
            fixture.Loop.Step();
            if (i % 100 == 0)
            {
                fixture.Pass(TimeSpan.FromMilliseconds(1));
                fixture.TcpFlows.ForEach(opened => Answer(random, opened, flow));
            }

            while (fixture.Receive() is not null) { }
        }

        Assert.True(fixture.Stack.Statistics.Drops.Values.Sum() > 10_000);
        peer.Data(Tcp.ScriptedPeer.Next, "still here"u8);
        Assert.Equal("still here"u8.ToArray(), flow.ReadAsync(default).Now().ToArray());
    }

    private static void Answer(Random random, ITcpFlow opened, ITcpFlow spared)
    {
        if (opened == spared)
        {
            return;
        }

        switch (random.Next(4))
        {
            case 0:
                opened.Accept();
                break;
            case 1:
                opened.Refuse();
                break;
            case 2:
                opened.Unreachable();
                break;
            case 3:
                opened.Abort();
                break;
        }
    }

    private static byte[] Packet(Random random, Span<byte> transport)
    {
        ReadOnlySpan<byte> protocols = [6, 17, 1, 58, 44, 0, 99];
        var protocol = protocols[random.Next(protocols.Length)];
        if (transport.Length > 20 && protocol == 6)
        {
            // Few ports, so that segments meet connections; plausible header lengths.
            transport[0] = transport[2] = 0;
            transport[1] = (byte)random.Next(4);
            transport[3] = 80;
            transport[12] = (byte)(random.Next(4, 9) << 4);
        }

        var isV4 = random.Next(2) == 0;
        var packet =
            transport.Length >= 20
                ? StackFixture.Ip(isV4 ? Source4 : Source6, isV4 ? Target4 : Target6, protocol, transport)
                : transport.ToArray();
        if (random.Next(4) == 0 && packet.Length > 0)
        {
            packet[random.Next(packet.Length)] ^= (byte)(1 << random.Next(8));
        }

        return packet;
    }
}
