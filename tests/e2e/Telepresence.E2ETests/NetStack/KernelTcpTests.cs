using System.Runtime.Versioning;
using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.NetStack;

/// <summary>The stack against the Linux kernel's own TCP and UDP, through a real TUN in a namespace of its own.</summary>
[SupportedOSPlatform("linux")]
public sealed class KernelTcpTests : IDisposable
{
    private StackScene? _scene;

    public void Dispose() => _scene?.Dispose();

    [SkippableTheory]
    [InlineData("http://10.100.0.5/")]
    [InlineData("http://[fd10::5]/")]
    public void Curl_fetches_a_page(string url)
    {
        var scene = Start("curl");

        Assert.Equal("from the stack", scene.Net.Program("curl", "-gsS", "-m", "30", url).Require());
    }

    [SkippableTheory]
    [InlineData("10.100.0.5")]
    [InlineData("fd10::5")]
    public void A_closed_port_refuses_and_a_silent_one_is_unreachable(string address)
    {
        var scene = Start("python3");

        var output = scene.Python(
            address,
            """
            for port in (9, 10):
                try:
                    connect(port)
                except OSError as e:
                    print(e.errno)
            """
        );
        Assert.Equal("111\n113", output);
    }

    [SkippableTheory]
    [InlineData("10.100.0.5", true)]
    [InlineData("fd10::5", true)]
    [InlineData("10.100.0.5", false)]
    public void Bulk_arrives_whole_both_ways(string address, bool offload)
    {
        var scene = Start("python3", offload ? DeviceOffloads.All : DeviceOffloads.None);

        Assert.Equal("True True", scene.Python(address, BulkScript));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bulk_arrives_whole_over_a_bad_link(bool offload)
    {
        var impairments = new Impairments(Drop: 0.01, Reorder: 0.01, Duplicate: 0.01);
        var scene = Start("python3", offload ? DeviceOffloads.All : DeviceOffloads.None, impairments);

        Assert.Equal("True True", scene.Python("10.100.0.5", BulkScript));
        Assert.True(((ImpairedDevice)scene.Device).Dropped > 0, "nothing was dropped");
    }

    [SkippableTheory]
    [InlineData("10.100.0.5", true)]
    [InlineData("fd10::5", true)]
    [InlineData("10.100.0.5", false)]
    public void A_burst_of_datagrams_sent_in_one_call_comes_back_as_it_was(string address, bool offload)
    {
        var scene = Start("python3", offload ? DeviceOffloads.All : DeviceOffloads.None);

        var output = scene.Python(
            address,
            """
            s = socket.socket(socket.AF_INET6 if ':' in A else socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(30)
            s.connect((A, 7))
            UDP_SEGMENT = 103
            s.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1200)
            sent = os.urandom(1200 * 40 + 500)
            s.send(sent)
            got = [s.recv(65536) for _ in range(41)]
            print(b''.join(got) == sent, sorted({len(g) for g in got}))
            """
        );
        Assert.Equal("True [500, 1200]", output);
    }

    [SkippableFact]
    public void Half_close_works_both_ways()
    {
        var scene = Start("python3");

        var output = scene.Python(
            "10.100.0.5",
            """
            s = connect(7)
            s.sendall(b'before')
            s.shutdown(socket.SHUT_WR)
            print(read(s).decode())
            """
        );
        Assert.Equal("before", output);
    }

    [SkippableFact]
    public void A_reset_by_the_application_is_seen()
    {
        var scene = Start("python3");
        scene.Python(
            "10.100.0.5",
            """
            s = connect(5004)
            s.sendall(b'x')
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            s.close()
            """
        );

        Assert.True(scene.Services.Failures.Task.Wait(TimeSpan.FromSeconds(60)), "no reset was seen");
    }

    [SkippableFact]
    public void A_closed_window_opens_again()
    {
        var scene = Start("python3");
        using var client = scene.StartPython(
            "10.100.0.5",
            """
            s = connect(5002)
            data = os.urandom(8 << 20)
            s.setblocking(False)
            sent = 0
            try:
                while True:
                    sent += s.send(data[sent:])
            except BlockingIOError:
                print('full', flush=True)
            s.settimeout(60)
            s.sendall(data[sent:])
            s.shutdown(socket.SHUT_WR)
            print(read(s).decode() == hashlib.sha256(data).hexdigest(), flush=True)
            """
        );
        Assert.Equal("full", client.StandardOutput.ReadLine());
        scene.Services.StartReading.SetResult();

        Assert.Equal("True", client.StandardOutput.ReadLine());
        client.WaitForExit();
    }

    [SkippableFact]
    public void Many_connections_at_once_finish()
    {
        var scene = Start("python3");

        var output = scene.Python(
            "10.100.0.5",
            """
            good = []
            def one(i):
                data = os.urandom(20000 + i)
                s = connect(7)
                t = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
                t.start()
                good.append(read(s) == data)
                t.join()
            threads = [threading.Thread(target=one, args=(i,)) for i in range(200)]
            for t in threads: t.start()
            for t in threads: t.join()
            print(len(good), all(good))
            """
        );
        Assert.Equal("200 True", output);
    }

    [SkippableTheory]
    [InlineData("10.100.0.5")]
    [InlineData("fd10::5")]
    public void Datagrams_come_back_fragmented_or_not(string address)
    {
        var scene = Start("python3");

        var output = scene.Python(
            address,
            """
            u = socket.socket(socket.AF_INET6 if ':' in A else socket.AF_INET, socket.SOCK_DGRAM)
            u.settimeout(30)
            u.connect((A, 7))
            for size in (0, 1, 1472, 1473, 9000, 65507):
                u.send(b'd' * size)
                print(len(u.recv(70000)), end=' ')
            u.connect((A, 9))
            u.send(b'd')
            try:
                u.recv(10)
            except ConnectionRefusedError:
                print('refused')
            """
        );
        Assert.Equal("0 1 1472 1473 9000 65507 refused", output);
    }

    private const string BulkScript = """
        s = connect(5001)
        data = os.urandom(64 << 20)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        up = read(s).decode() == hashlib.sha256(data).hexdigest()
        received = read(connect(5003))
        pattern = bytes(i % 251 for i in range(251 * 512))
        expected = (pattern * (len(received) // len(pattern) + 1))[:64 << 20]
        print(up, hashlib.sha256(received).digest() == hashlib.sha256(expected).digest())
        """;

    private StackScene Start(
        string program,
        DeviceOffloads offloads = DeviceOffloads.All,
        Impairments? impairments = null
    )
    {
        Requires.All("root", "tun", "netns", program);
        return _scene = new StackScene(offloads, impairments);
    }
}
