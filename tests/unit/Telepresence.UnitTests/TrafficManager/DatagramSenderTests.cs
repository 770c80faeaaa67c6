using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.UnitTests.TrafficManager;

public class DatagramSenderTests
{
    private static readonly int[] Lengths = [0, 1, 100, 100, 100, 1200, 1200, 1200, 1452, 1453, 9000];

    [Fact]
    public void Whatever_goes_out_together_arrives_as_it_was() =>
        Prop.ForAll(
                Gen.Elements(Lengths).ListOf().Select(lengths => lengths.Take(40).ToArray()).ToArbitrary(),
                lengths => ArriveAsync(lengths).GetAwaiter().GetResult()
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public async Task A_full_batch_is_sent_before_the_next_begins()
    {
        // More than 64 of them, and more bytes than one call takes.
        Assert.True(await ArriveAsync([.. Enumerable.Repeat(10, 70)]));
        Assert.True(await ArriveAsync([.. Enumerable.Repeat(1452, 50)]));
    }

    private static async Task<bool> ArriveAsync(int[] lengths)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await client.ConnectAsync(server.LocalEndPoint!);
        using var sender = new DatagramSender(client);
        var sent = lengths.Select((length, i) => Enumerable.Repeat((byte)i, length).ToArray()).ToArray();
        foreach (var datagram in sent)
        {
            datagram.CopyTo(await sender.GetMemoryAsync(datagram.Length, default));
            sender.Add(datagram.Length);
        }
        await sender.FlushAsync(default);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var buffer = new byte[65_536];
        foreach (var datagram in sent)
        {
            var length = await server.ReceiveAsync(buffer, patience.Token);
            if (!buffer.AsSpan(0, length).SequenceEqual(datagram))
                return false;
        }
        return true;
    }
}
