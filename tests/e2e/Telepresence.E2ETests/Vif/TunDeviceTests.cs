using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Client.Errors;
using Telepresence.E2ETests.Netns;
using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.Vif;

public sealed class TunDeviceTests : IDisposable
{
    private static readonly IPAddress Own4 = IPAddress.Parse("246.0.0.1");
    private static readonly IPAddress Own6 = IPAddress.Parse("fd00:246::1");
    private NetworkNamespace? _namespace;

    public void Dispose() => _namespace?.Dispose();

    [SkippableFact]
    public void Ip_sees_the_interface_as_it_was_asked_for()
    {
        using var device = Create(new VifOptions { Addresses = [Own4, Own6], Mtu = 1400 });

        Assert.Equal("tel0", device.Name);
        var link = _namespace!.IpJson("-d address show dev tel0")[0];
        Assert.Equal(device.Index, link.GetProperty("ifindex").GetInt32());
        Assert.Equal(1400, link.GetProperty("mtu").GetInt32());
        Assert.Contains("UP", link.GetProperty("flags").EnumerateArray().Select(f => f.GetString()));
        var details = _namespace.IpJson("-d link show dev tel0")[0];
        Assert.Equal("none", details.GetProperty("inet6_addr_gen_mode").GetString());
        var addresses = link.GetProperty("addr_info").EnumerateArray().Select(a => a.GetProperty("local").GetString());
        Assert.Equal(["246.0.0.1", "fd00:246::1"], addresses.Order());
        Assert.Equal("2", _namespace.Program("cat", "/proc/sys/net/ipv4/conf/tel0/rp_filter").Require().Trim());
    }

    [SkippableFact]
    public void The_next_interface_takes_the_next_name_and_disposal_removes_it()
    {
        using var first = Create(new VifOptions { Addresses = [Own4] });
        using (var second = Create(new VifOptions { Addresses = [Own6], QueueCount = 2 }))
        {
            Assert.Equal("tel1", second.Name);
            Assert.Equal(2, second.Queues.Count);
        }
        Assert.DoesNotContain("tel1", _namespace!.Ip("link"));
    }

    [SkippableFact]
    public void Handles_of_a_launcher_become_the_interface()
    {
        Requires.All("root", "tun", "ip");
        _namespace = NetworkNamespace.Create("tun");
        // Opened in the namespace, as the launcher is in the user's: a handle's interface is made where it was opened.
        var handle = _namespace.Run(TunDevice.OpenCloneDevice);
        using var device = _namespace.Run(() =>
            new TunDevice(new VifOptions { Addresses = [Own4], Handles = [handle] }, NullLogger.Instance)
        );
        Assert.Contains("tel0", _namespace.Ip("link"));
    }

    [SkippableFact]
    public void Every_offload_of_this_kernel_is_used()
    {
        using var device = Create(new VifOptions { Addresses = [Own4] });
        Assert.Equal(DeviceOffloads.All, device.Queues[0].Offloads);
    }

    [SkippableFact]
    public void Fewer_offloads_can_be_asked_for()
    {
        using var device = Create(new VifOptions { Addresses = [Own4], Offloads = DeviceOffloads.None });
        Assert.Equal(DeviceOffloads.None, device.Queues[0].Offloads);
    }

    [SkippableFact]
    public void Udp_segments_arrive_as_one_packet_and_are_cut_again_on_the_way_back()
    {
        using var device = Create(new VifOptions { Addresses = [Own4] });
        _namespace!.Ip("route add 10.43.0.0/16 dev tel0");
        using var socket = _namespace.Run(() => new Socket(SocketType.Dgram, ProtocolType.Udp));
        const int solUdp = 17;
        const int udpSegment = 103;
        socket.SetRawSocketOption(solUdp, udpSegment, BitConverter.GetBytes(1200));
        socket.SendTo(new byte[12_000], new IPEndPoint(IPAddress.Parse("10.43.0.1"), 5000));

        var packet = ReadUdp(device.Queues[0]);

        Assert.Equal(12_028, packet.Length);
        Assert.Equal(Segmentation.Udp, packet.Offload.Segmentation);
        Assert.Equal(1200, packet.Offload.SegmentSize);
        Assert.True(packet.Offload.PartialChecksum);

        // The super-packet goes back as ten datagrams, each with right checksums, or the kernel would drop them.
        SwapEnds(packet.Packet);
        var segment = new PacketBuffer();
        var segmenter = new Segmenter(packet);
        while (segmenter.TryNext(segment))
        {
            device.Queues[0].Write(segment);
        }
        Assert.Equal(Enumerable.Repeat(1200, 10), ReceiveLengths(socket, 10));

        device.Queues[0].Write(packet);
        Assert.Equal(Enumerable.Repeat(1200, 10), ReceiveLengths(socket, 10));
    }

    [SkippableFact]
    public void Wake_ends_a_wait_that_runs_and_one_that_is_still_to_come()
    {
        using var device = Create(new VifOptions { Addresses = [Own4] });
        var queue = device.Queues[0];
        queue.Wake();
        queue.Wait(-1);
        for (var i = 0; i < 2000; i++)
        {
            var woken = Task.Run(() => queue.Wait(-1));
            queue.Wake();
            Assert.True(woken.Wait(TimeSpan.FromSeconds(30)), $"wake {i} was lost");
        }
    }

    [SkippableFact]
    public void Disposal_ends_a_wait_and_later_calls_are_harmless()
    {
        var device = Create(new VifOptions { Addresses = [Own4] });
        var queue = device.Queues[0];
        var packet = new PacketBuffer { Length = 20 };
        var waiting = Task.Run(() =>
        {
            queue.Wait(-1);
            while (queue.TryRead(packet)) { }
        });
        device.Dispose();
        Assert.True(waiting.Wait(TimeSpan.FromSeconds(30)));
        queue.Wake();
        queue.Wait(-1);
        queue.Write(packet);
        Assert.False(queue.TryRead(packet));
        device.Dispose();
    }

    [SkippableFact]
    public void Without_permission_there_is_a_typed_error()
    {
        Requires.All("root", "tun", "ip");
        var error = Assert.Throws<TelepresenceException>(() => RunWithoutCapabilities());
        Assert.True(error.Is(ErrorId.TunUnavailable));
        Assert.Contains("CAP_NET_ADMIN", error.Message, StringComparison.Ordinal);
    }

    private void RunWithoutCapabilities()
    {
        _namespace = NetworkNamespace.Create("tun");
        _namespace.Run(() =>
        {
            Capabilities.DropOfThisThread();
            new TunDevice(new VifOptions { Addresses = [Own4] }, NullLogger.Instance).Dispose();
        });
    }

    private IPacketDevice Create(VifOptions options)
    {
        Requires.All("root", "tun", "ip");
        _namespace ??= NetworkNamespace.Create("tun");
        return _namespace.Run(() => new VifFactory(NullLoggerFactory.Instance).Create(options));
    }

    private static PacketBuffer ReadUdp(IPacketQueue queue)
    {
        var packet = new PacketBuffer();
        do
        {
            while (!queue.TryRead(packet))
            {
                queue.Wait(-1);
            }
        } while (packet.Packet[0] >> 4 != 4 || packet.Packet[9] != 17);
        return packet;
    }

    private static void SwapEnds(Span<byte> packet)
    {
        Span<byte> kept = stackalloc byte[4];
        packet[12..16].CopyTo(kept);
        packet[16..20].CopyTo(packet[12..]);
        kept.CopyTo(packet[16..]);
        packet[20..22].CopyTo(kept);
        packet[22..24].CopyTo(packet[20..]);
        kept[..2].CopyTo(packet[22..]);
    }

    private static IEnumerable<int> ReceiveLengths(Socket socket, int count)
    {
        socket.ReceiveTimeout = 30_000;
        var buffer = new byte[65_535];
        return Enumerable.Range(0, count).Select(_ => socket.Receive(buffer)).ToList();
    }
}
