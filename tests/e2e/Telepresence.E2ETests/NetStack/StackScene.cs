using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.E2ETests.Netns;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Vif;

namespace Telepresence.E2ETests.NetStack;

/// <summary>A stack on a real TUN in a namespace of its own, with <see cref="StackServices"/> on its far side.</summary>
[SupportedOSPlatform("linux")]
internal sealed class StackScene : IDisposable
{
    /// <summary>The workstation's addresses.</summary>
    public const string Address = "10.99.0.1";
    public const string AddressV6 = "fd99::1";

    /// <summary>What every Python program of these tests begins with; its first argument is the address to talk to.</summary>
    private const string Prelude = """
        import socket, sys, hashlib, threading, os, struct, subprocess, time
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
        def run(*command):
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout
        def counter(name):
            for line in run('nstat', '-asz', name).splitlines():
                if line.startswith(name):
                    return int(line.split()[1])
        def until(condition):
            end = time.monotonic() + 60
            while not condition():
                if time.monotonic() > end:
                    raise TimeoutError
                time.sleep(0.01)

        """;

    public StackScene(
        DeviceOffloads offloads = DeviceOffloads.All,
        Impairments? impairments = null,
        IpStackOptions? options = null
    )
    {
        Net = NetworkNamespace.Create("stack");
        var vif = new VifOptions
        {
            Addresses = [IPAddress.Parse(Address), IPAddress.Parse(AddressV6)],
            Offloads = offloads,
        };
        Device = Net.Run(() => new TunDevice(vif, NullLogger.Instance));
        if (impairments is not null)
        {
            Device = new ImpairedDevice(Device, impairments, new Random(1));
        }

        Net.Ip($"route add 10.100.0.0/16 dev {Device.Name}");
        Net.Ip($"-6 route add fd10::/64 dev {Device.Name}");
        Stack = new IpStack(Device, Services, options);
        Stack.Start();
    }

    public NetworkNamespace Net { get; }
    public IPacketDevice Device { get; }
    public IpStack Stack { get; }
    public StackServices Services { get; } = new();

    /// <summary>Runs a program to its end and returns what it wrote.</summary>
    public string Python(string address, string script) =>
        Net.Program("python3", "-c", Prelude + script, address).Require().Trim();

    /// <summary>Starts a program that the test talks with. The caller ends it.</summary>
    public System.Diagnostics.Process StartPython(string address, string script) =>
        Net.Start("python3", "-c", Prelude + script, address);

    public void Dispose()
    {
        Stack.Dispose();
        Device.Dispose();
        Net.Dispose();
    }
}
