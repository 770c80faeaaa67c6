using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.Routing;

public sealed class DnsCaptureTests
{
    [SkippableFact]
    public void Only_dns_of_this_machine_is_captured()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        fixture.Workstation.Sysctl("net.ipv4.ip_forward", "1");
        Capture(routing, device);

        foreach (var server in new[] { "192.0.2.1", "2001:db8:2::1" })
        {
            Assert.Equal("tel0", fixture.DeviceFor(server, "ipproto udp dport 53"));
            Assert.Equal("tel0", fixture.DeviceFor(server, "ipproto tcp dport 53"));
            Assert.Equal("lan0", fixture.DeviceFor(server, "ipproto tcp dport 8080"));
            Assert.Equal("lan0", fixture.DeviceFor(server));
        }
        Assert.Equal("lan0", fixture.DeviceFor("192.0.2.9", "ipproto udp dport 53"));
        Assert.Equal("lan0", fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53 mark 0xff000000"));
        // Forwarded for a container: not ours to answer.
        fixture.Workstation.AddInterface("ctr0", "172.17.0.1/16");
        Assert.Equal("lan0", fixture.DeviceFor("192.0.2.1", "from 172.17.0.2 iif ctr0 ipproto udp dport 53"));
        var lookup = routing.Lookup(new RouteQuery(RoutingFixture.Router4, 17, 0, 53));
        Assert.Equal(("tel0", "192.0.2.2"), (lookup.InterfaceName, lookup.Source?.ToString()));
    }

    [SkippableTheory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("2")]
    public void A_captured_query_gets_its_answer_whatever_rp_filter_is(string filter)
    {
        using var fixture = new RoutingFixture();
        fixture.Workstation.Sysctl("net.ipv4.conf.all.rp_filter", filter);
        fixture.Workstation.Sysctl("net.ipv4.conf.default.rp_filter", filter);
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        Capture(routing, device);
        using var echo = new UdpEcho(device);

        foreach (var server in new[] { RoutingFixture.Router4, RoutingFixture.Router6 })
        {
            using var socket = fixture.Workstation.Run(() =>
                new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
            );
            socket.Connect(server, 53);
            Assert.Equal("captured", Ask(socket, "captured"));
        }
    }

    [SkippableTheory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("2")]
    public void A_name_server_that_no_route_leads_to_is_answered_for_too(string filter)
    {
        using var fixture = new RoutingFixture();
        fixture.Workstation.Sysctl("net.ipv4.conf.all.rp_filter", filter);
        fixture.Workstation.Sysctl("net.ipv4.conf.default.rp_filter", filter);
        fixture.Workstation.Ip("route del default");
        fixture.Workstation.Ip("-6 route del default");
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        var servers = new[] { IPAddress.Parse("203.0.113.53"), IPAddress.Parse("2001:db8:53::53") };
        routing.Apply(0, new RoutePlan { InterfaceIndex = device.Index, CapturedNameServers = servers });
        using var echo = new UdpEcho(device);

        foreach (var server in servers)
        {
            using var socket = fixture.Workstation.Run(() =>
                new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
            );
            socket.Connect(server, 53);
            Assert.Equal("offline", Ask(socket, "offline"));
            // Nothing else of that host is led here.
            Assert.Equal("", fixture.DeviceFor(server.ToString(), "ipproto tcp dport 443"));
        }
        routing.Clear(0);
        Assert.DoesNotContain(fixture.State(), line => line.Contains("dport", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void An_exempt_socket_reaches_the_name_server_itself()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        Capture(routing, device);
        using var echo = new UdpEcho(device);
        using var server = fixture.Router.Run(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(RoutingFixture.Router4, 53));
            return socket;
        });
        using var client = fixture.Workstation.Run(() =>
            new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        );
        routing.ExemptFromCapture(client);
        client.SendTo("direct"u8, new IPEndPoint(RoutingFixture.Router4, 53));
        server.ReceiveTimeout = 30_000;
        var buffer = new byte[100];
        Assert.Equal(6, server.Receive(buffer));
        Assert.Equal(0, echo.Count);
    }

    [SkippableFact]
    public void A_capture_follows_the_source_that_a_name_server_behind_a_VPN_gets()
    {
        using var fixture = new RoutingFixture();
        using var device = fixture.CreateDevice();
        using var routing = fixture.CreateRouting();
        Capture(routing, device);
        Assert.Contains(fixture.State(), line => line.Contains("src 192.0.2.2 metric 1", StringComparison.Ordinal));
        var state = fixture.State();

        fixture.Workstation.AddInterface("vpn0", "198.51.100.2/24", "2001:db8:51::2/64");
        fixture.Workstation.Ip("route add 192.0.2.1/32 via 198.51.100.9");
        fixture.Workstation.Ip("-6 route add 2001:db8:2::1/128 via 2001:db8:51::9");
        Capture(routing, device);

        foreach (var source in (string[])["198.51.100.2", "2001:db8:51::2"])
            Assert.Single(
                fixture.State(),
                line =>
                    line.Contains("dev tel0", StringComparison.Ordinal)
                    && line.Contains($"src {source} metric 1", StringComparison.Ordinal)
            );
        // The address goes, and what the kernel had with it.
        fixture.Workstation.Ip("link delete vpn0");
        Capture(routing, device);
        Assert.Equal(state, fixture.State());
    }

    [SkippableFact]
    public void Two_engines_chain_and_neither_meets_itself_again()
    {
        using var fixture = new RoutingFixture();
        using var first = fixture.CreateDevice();
        using var firstRouting = fixture.CreateRouting();
        Capture(firstRouting, first);
        using var second = fixture.CreateDevice("246.64.0.1", "fd00:247::1");
        using var secondRouting = fixture.CreateRouting();
        Capture(secondRouting, second);

        Assert.Equal("tel1", fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53"));
        Assert.Equal("tel0", fixture.DeviceFor("192.0.2.1", $"ipproto udp dport 53 mark {MarkOf(secondRouting)}"));
        Assert.Equal("lan0", fixture.DeviceFor("192.0.2.1", $"ipproto udp dport 53 mark {MarkOf(firstRouting)}"));
        Assert.Empty(firstRouting.Repair());
        Assert.Empty(secondRouting.Repair());

        firstRouting.Dispose();
        Assert.Equal("tel1", fixture.DeviceFor("192.0.2.1", "ipproto udp dport 53"));
        Assert.Equal("lan0", fixture.DeviceFor("192.0.2.1", $"ipproto udp dport 53 mark {MarkOf(secondRouting)}"));

        string MarkOf(IRouting routing)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            routing.ExemptFromCapture(socket);
            var mark = new byte[4];
            socket.GetRawSocketOption(1, 36, mark);
            return $"0x{BitConverter.ToUInt32(mark):x}";
        }
    }

    private static void Capture(IRouting routing, IPacketDevice device) =>
        routing.Apply(
            0,
            new RoutePlan
            {
                InterfaceIndex = device.Index,
                CapturedNameServers = [RoutingFixture.Router4, RoutingFixture.Router6],
            }
        );

    private static string Ask(Socket socket, string text)
    {
        socket.ReceiveTimeout = 30_000;
        socket.Send(System.Text.Encoding.ASCII.GetBytes(text));
        var buffer = new byte[100];
        return System.Text.Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
    }
}
