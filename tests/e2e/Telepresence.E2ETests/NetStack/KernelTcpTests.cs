using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.E2ETests.Netns;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.NetStack;

/// <summary>The stack against the Linux kernel's own TCP and UDP, through a real TUN in a namespace of its own.</summary>
[SupportedOSPlatform("linux")]
public sealed class KernelTcpTests : IDisposable
{
    private const string Prelude = """
        import socket, sys, hashlib, threading, os, struct
        A = sys.argv[1]
        def connect(port):
            s = socket.socket(socket.AF_INET6 if ':' in A else socket.AF_INET)
            s.settimeout(60)
            s.connect((A, port))
            return s
        def read(s):
            parts = []
            while True:
                part = s.recv(1 << 20)
                if not part:
                    return b''.join(parts)
                parts.append(part)
        """;
    private NetworkNamespace? _namespace;
    private IPacketDevice? _device;
    private IpStack? _stack;

    private StackServices Services { get; } = new();

    public void Dispose()
    {
        _stack?.Dispose();
        _device?.Dispose();
        _namespace?.Dispose();
    }

    [SkippableTheory]
    [InlineData("http://10.100.0.5/")]
    [InlineData("http://[fd10::5]/")]
    public void Curl_fetches_a_page(string url)
    {
        Start("curl");

        Assert.Equal("from the stack", _namespace!.Program("curl", "-gsS", "-m", "30", url).Require());
    }

    [SkippableTheory]
    [InlineData("10.100.0.5")]
    [InlineData("fd10::5")]
    public void A_closed_port_refuses_and_a_silent_one_is_unreachable(string address)
    {
        Start("python3");

        var output = Python(
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
        Start("python3", offload ? DeviceOffloads.All : DeviceOffloads.None);

        Assert.Equal("True True", Python(address, BulkScript));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bulk_arrives_whole_over_a_bad_link(bool offload)
    {
        var impairments = new Impairments(Drop: 0.01, Reorder: 0.01, Duplicate: 0.01);
        Start("python3", offload ? DeviceOffloads.All : DeviceOffloads.None, impairments);

        Assert.Equal("True True", Python("10.100.0.5", BulkScript));
        Assert.True(((ImpairedDevice)_device!).Dropped > 0, "nothing was dropped");
    }

    [SkippableFact]
    public void Half_close_works_both_ways()
    {
        Start("python3");

        var output = Python(
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
        Start("python3");
        Python(
            "10.100.0.5",
            """
            s = connect(5004)
            s.sendall(b'x')
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            s.close()
            """
        );

        Assert.True(Services.Failures.Task.Wait(TimeSpan.FromSeconds(60)), "no reset was seen");
    }

    [SkippableFact]
    public void A_closed_window_opens_again()
    {
        Start("python3");
        using var client = _namespace!.Start(
            "python3",
            "-c",
            Prelude
                + "\n"
                + """
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
                """,
            "10.100.0.5"
        );
        Assert.Equal("full", client.StandardOutput.ReadLine());
        Services.StartReading.SetResult();

        Assert.Equal("True", client.StandardOutput.ReadLine());
        client.WaitForExit();
    }

    [SkippableFact]
    public void Many_connections_at_once_finish()
    {
        Start("python3");

        var output = Python(
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
        Start("python3");

        var output = Python(
            address,
            """
            u = socket.socket(socket.AF_INET6 if ':' in A else socket.AF_INET, socket.SOCK_DGRAM)
            u.settimeout(30)
            u.connect((A, 7))
            for size in (0, 1, 1472, 1473, 9000, 65000):
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
        Assert.Equal("0 1 1472 1473 9000 65000 refused", output);
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

    private void Start(string program, DeviceOffloads offloads = DeviceOffloads.All, Impairments? impairments = null)
    {
        Requires.All("root", "tun", "netns", program);
        _namespace = NetworkNamespace.Create("stack");
        var options = new VifOptions
        {
            Addresses = [IPAddress.Parse("10.99.0.1"), IPAddress.Parse("fd99::1")],
            Offloads = offloads,
        };
        _device = _namespace.Run(() => new TunDevice(options, NullLogger.Instance));
        if (impairments is not null)
        {
            _device = new ImpairedDevice(_device, impairments, new Random(1));
        }

        _namespace.Ip($"route add 10.100.0.0/16 dev {_device.Name}");
        _namespace.Ip($"-6 route add fd10::/64 dev {_device.Name}");
        _stack = new IpStack(_device, Services);
        _stack.Start();
    }

    private string Python(string address, string script) =>
        _namespace!.Program("python3", "-c", Prelude + "\n" + script, address).Require().Trim();
}
