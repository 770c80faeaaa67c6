using System.Runtime.Versioning;
using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.NetStack;

/// <summary>
/// What is rarer than bulk: every way to end a connection, probes, urgent data, small paths. The kernel's own counters,
/// ss and tshark are the witnesses.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class KernelStatesTests : IDisposable
{
    private StackScene? _scene;

    public void Dispose() => _scene?.Dispose();

    [SkippableTheory]
    [InlineData("10.100.0.5")]
    [InlineData("fd10::5")]
    public void The_far_side_ends_first_and_still_gets_all(string address)
    {
        var scene = Start();

        var digest = scene.Python(
            address,
            """
            s = connect(5005)
            assert s.recv(1) == b''
            data = os.urandom(4 << 20)
            s.sendall(data)
            s.close()
            print(hashlib.sha256(data).hexdigest())
            """
        );
        Assert.Equal(digest, scene.Services.Digests.Take(Bound()));
    }

    [SkippableFact]
    public void Both_sides_end_at_once()
    {
        var scene = Start("nft");

        using var client = scene.StartPython(
            "10.100.0.5",
            """
            run('nft', 'add table ip t')
            run('nft', 'add chain ip t in { type filter hook input priority 0; }')
            run('nft', 'add rule ip t in tcp sport 5005 tcp flags & syn == 0 counter drop')
            s = connect(5005)
            until(lambda: 'packets 0' not in run('nft', 'list ruleset'))
            s.shutdown(socket.SHUT_WR)
            print('crossed', flush=True)
            sys.stdin.readline()
            run('nft', 'flush ruleset')
            print(s.recv(1), flush=True)
            until(lambda: 'TIME-WAIT' in run('ss', '-tan', 'dport', '5005'))
            print('over', flush=True)
            """
        );
        Assert.Equal("crossed", client.StandardOutput.ReadLine());
        // Its FIN is under way and unacknowledged, and the kernel's came.
        Await(() => State() == "Closing");
        client.StandardInput.WriteLine();

        Assert.Equal("b''", client.StandardOutput.ReadLine());
        Assert.Equal("over", client.StandardOutput.ReadLine());
        Await(() => State() == "TimeWait");
        client.WaitForExit();

        string State() => Assert.Single(scene.Stack.Snapshot().Tcp).Statistics.State;
    }

    [SkippableFact]
    public void A_reset_ends_a_connection_that_is_half_closed_either_way()
    {
        var scene = Start();

        scene.Python(
            "10.100.0.5",
            """
            def reset(s):
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                s.close()
            ended_here = connect(5007)
            ended_here.shutdown(socket.SHUT_WR)
            until(lambda: 'FIN-WAIT-2' in run('ss', '-tan', 'dport', '5007'))
            reset(ended_here)
            ended_there = connect(5005)
            assert ended_there.recv(1) == b''
            reset(ended_there)
            """
        );
        Await(() => scene.Stack.Snapshot().Tcp.Count == 0);
    }

    [SkippableFact]
    public void Urgent_data_comes_in_line()
    {
        var scene = Start();

        var output = scene.Python(
            "10.100.0.5",
            """
            s = connect(7)
            s.sendall(b'be')
            s.send(b'fo', socket.MSG_OOB)
            s.sendall(b're')
            s.shutdown(socket.SHUT_WR)
            print(read(s).decode())
            """
        );
        Assert.Equal("before", output);
    }

    [SkippableFact]
    public void The_kernels_keep_alive_probes_are_answered()
    {
        var scene = Start();

        var output = scene.Python(
            "10.100.0.5",
            """
            s = connect(7)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT):
                s.setsockopt(socket.IPPROTO_TCP, option, 1)
            until(lambda: counter('TcpExtTCPKeepAlive') >= 3)
            s.sendall(b'alive')
            print(s.recv(10).decode())
            """
        );
        Assert.Equal("alive", output);
    }

    [SkippableFact]
    public void A_syn_sent_again_while_the_dial_is_pending_is_one_dial()
    {
        var scene = Start();
        using var client = scene.StartPython(
            "10.100.0.5",
            """
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((A, 5006))
            until(lambda: counter('TcpExtTCPSynRetrans') >= 1)
            print('again', flush=True)
            s.settimeout(60)
            s.sendall(b'one')
            print(s.recv(10).decode(), flush=True)
            """
        );
        Assert.Equal("again", client.StandardOutput.ReadLine());
        scene.Services.AnswerDials.SetResult();

        Assert.Equal("one", client.StandardOutput.ReadLine());
        Assert.Equal(1, scene.Services.Opened);
        client.WaitForExit();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_port_is_used_again_while_the_stack_is_in_time_wait(bool timestamps)
    {
        var scene = Start();
        scene.Net.Sysctl("net.ipv4.tcp_timestamps", timestamps ? "1" : "0");

        var output = scene.Python(
            "10.100.0.5",
            """
            for i in range(20):
                s = socket.socket()
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.settimeout(60)
                s.bind(('10.99.0.1', 41000))
                s.connect((A, 5005))
                assert s.recv(1) == b''
                s.close()
                until(lambda: ':41000' not in run('ss', '-tan'))
            print(counter('TcpExtTCPSynRetrans'))
            """
        );
        Assert.Equal("0", output);
        Assert.Equal(20, scene.Services.Opened);
        Assert.Equal("TimeWait", Assert.Single(scene.Stack.Snapshot().Tcp).Statistics.State);
    }

    [SkippableTheory]
    [InlineData("10.100.0.5", 576, 524)]
    [InlineData("fd10::5", 1280, 1208)]
    public void A_path_of_small_packets_carries_bulk_both_ways(string address, int mtu, int segment)
    {
        var scene = Start();
        var (family, route) = address.Contains(':') ? ("-6", "fd10::/64") : ("-4", "10.100.0.0/16");
        scene.Net.Ip($"{family} route replace {route} dev {scene.Device.Name} mtu lock {mtu}");

        var output = scene.Python(
            address,
            $$"""
            s = connect(7)
            data = os.urandom(2 << 20)
            t = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
            t.start()
            good = read(s) == data
            t.join()
            info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            print(good, *struct.unpack_from('2I', info, 16))
            """
        );
        // What the kernel sent at most and what it received at most in one segment.
        Assert.Equal($"True {segment} {segment}", output);
    }

    [SkippableFact]
    public void A_reader_that_stops_closes_the_window_and_loses_nothing()
    {
        var scene = Start();

        var output = scene.Python(
            "10.100.0.5",
            """
            s = connect(5003)
            # Where it has offered more than it has room for it drops instead, until it may say zero.
            until(lambda: counter('TcpExtTCPToZeroWindowAdv') + counter('TcpExtTCPWantZeroWindowAdv') >= 2)
            received = read(s)
            pattern = bytes(i % 251 for i in range(251 * 512))
            print(len(received), received == (pattern * (len(received) // len(pattern) + 1))[:len(received)])
            """
        );
        Assert.Equal($"{StackServices.BulkLength} True", output);
    }

    [SkippableFact]
    public void Tshark_finds_nothing_to_complain_about_in_a_clean_transfer()
    {
        var scene = Start("tcpdump", "tshark");
        var file = Path.GetTempFileName();
        try
        {
            using var capture = scene.Net.Start(
                "tcpdump",
                "-i",
                scene.Device.Name,
                "-B",
                "65536",
                "-s",
                "200",
                "-U",
                "-w",
                file
            );
            Assert.Contains("listening", capture.StandardError.ReadLine(), StringComparison.Ordinal);
            // A stack that waits for a processor would have the kernel probe for a loss that there is not.
            scene.Net.Sysctl("net.ipv4.tcp_early_retrans", "0");
            scene.Net.Ip($"route change 10.100.0.0/16 dev {scene.Device.Name} rto_min 10s");
            var output = scene.Python(
                "10.100.0.5",
                """
                s = connect(7)
                data = os.urandom(4 << 20)
                t = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
                t.start()
                good = read(s) == data
                t.join()
                s.close()
                print(good, counter('TcpRetransSegs'))
                """
            );
            Assert.Equal("True 0", output);
            scene.Net.Program("kill", "-INT", $"{capture.Id}").Require();
            capture.WaitForExit();
            // Offloaded packets are longer than any wire's and their checksums are left to the device.
            var complaints = scene.Net.Program(
                "tshark",
                "-r",
                file,
                "-o",
                "ip.check_checksum:FALSE",
                "-Y",
                "tcp.analysis.flags && !tcp.analysis.window_update && !tcp.analysis.window_full || _ws.malformed"
            );
            Assert.Equal("", complaints.Require());
        }
        finally
        {
            scene.Net.Ip($"route change 10.100.0.0/16 dev {scene.Device.Name}");
            scene.Net.Sysctl("net.ipv4.tcp_early_retrans", "3");
            File.Delete(file);
        }
    }

    [SkippableTheory]
    [InlineData("10.100.0.5", "192.0.2.2", "192.0.2.1/24", 1200)]
    [InlineData("fd10::5", "2001:db8::2", "2001:db8::1/64", 1300)]
    public void A_router_that_needs_smaller_packets_is_listened_to(string address, string guest, string router, int mtu)
    {
        var scene = Start();
        using var behind = NetworkNamespace.Create("guest");
        var prefix = router[router.IndexOf('/')..];
        NetworkNamespace.Connect(scene.Net, "guest0", [router], behind, "eth0", [guest + prefix]);
        // Only what goes to the guest is too big: it announces segments that its own link takes.
        scene.Net.Ip($"link set guest0 mtu {mtu}");
        scene.Net.Sysctl("net.ipv4.ip_forward", "1");
        scene.Net.Sysctl("net.ipv6.conf.all.forwarding", "1");
        var family = address.Contains(':') ? "-6" : "-4";
        behind.Ip($"{family} route add default via {router[..router.IndexOf('/')]}");

        var script = """
            import socket, hashlib, sys
            s = socket.create_connection((sys.argv[1], 5003), 60)
            h, n = hashlib.sha256(), 0
            while part := s.recv(1 << 20):
                n += len(part)
                if n > 8 << 20:
                    break
            print('enough')
            if s.family == socket.AF_INET6:
                sys.exit()  # nobody cuts IPv6 on its way
            u = socket.socket(s.family, socket.SOCK_DGRAM)
            u.settimeout(60)
            u.connect((sys.argv[1], 11))
            for size in (1250, 1400, 9000):
                u.send(b'%d' % size)
                print(len(u.recv(65536)))
            """;
        var expected = address.Contains(':') ? "enough" : "enough\n1250\n1400\n9000";
        Assert.Equal(expected, behind.Program("python3", "-c", script, address).Require().Trim());
    }

    private static void Await(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(60)));

    private static CancellationToken Bound() => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    private StackScene Start(params string[] programs)
    {
        Requires.All(["root", "tun", "netns", "python3", .. programs]);
        return _scene = new StackScene();
    }
}
