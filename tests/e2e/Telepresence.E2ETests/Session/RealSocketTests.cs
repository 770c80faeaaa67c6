using Telepresence.Client.Contract;
using Telepresence.TrafficManager;

namespace Telepresence.E2ETests.Session;

/// <summary>
/// A traffic-manager that dials real sockets, as in a pod: it runs as a process in the LAN's namespace, where pod
/// addresses lie, and the engine reaches it over the veth without an API server. With the errno in its DialReject, and
/// with nothing in it, as upstream's.
/// </summary>
[Collection(OneAfterAnother.Name)]
public sealed class RealSocketTests
{
    private const string Pod = "10.42.0.10";
    private const string Pod6 = "fd00:10:42::10";
    private const string ManagerPort = "8081";

    /// <summary>ADDRESS…: on each an echo at port 7, one that resets at 8, and a listener whose queue is full at 9.</summary>
    private const string Servers = """
        import socket, struct, sys, threading

        def listen(address, port, backlog=64):
            s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, port))
            s.listen(backlog)
            return s

        def echo(c):
            with c:
                try:
                    while data := c.recv(65536):
                        c.sendall(data)
                    print("eof", flush=True)
                except ConnectionResetError:
                    print("reset", flush=True)

        def reset(c):
            c.recv(1)
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            c.close()

        def serve(s, handler):
            while True:
                threading.Thread(target=handler, args=(s.accept()[0],)).start()

        held = []
        for address in sys.argv[1:]:
            threading.Thread(target=serve, args=(listen(address, 7), echo)).start()
            threading.Thread(target=serve, args=(listen(address, 8), reset)).start()
            silent = listen(address, 9, 0)
            held.append(silent)
            # With a backlog of 0 the kernel completes one connection; SYNs after that are dropped.
            while True:
                filler = socket.socket(silent.family)
                filler.settimeout(1)
                held.append(filler)
                try:
                    filler.connect((address, 9))
                except TimeoutError:
                    break
        print("ready", flush=True)
        """;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Closed_is_refused_and_silent_times_out_with_an_errno_and_without(bool saysNothing)
    {
        await using var scene = await SceneAsync(saysNothing);
        foreach (var pod in (string[])[Pod, Pod6])
        {
            Assert.StartsWith("OK ", Connect(pod, "7"), StringComparison.Ordinal);
            Refusal.Read(Connect(pod, "10")).AssertRefusedBeforeTimeout();
            Refusal.Read(Connect(pod, "9")).AssertTimedOut();
        }

        string Connect(string host, string port) => scene.Workstation.RunPython(PythonScripts.Connect, host, port);
    }

    [SkippableFact]
    public async Task Resets_and_half_closes_reach_the_other_side()
    {
        await using var scene = await SceneAsync(saysNothing: false);
        foreach (var pod in (string[])[Pod, Pod6])
        {
            Assert.Equal("300000 True", scene.Workstation.RunPython(PythonScripts.HalfClose, pod, "7", "300000"));
            Assert.Equal("eof", await scene.Servers.WaitForLineAsync(_ => true));

            // The far side resets: the near one's read fails with it.
            Assert.Equal("ECONNRESET", scene.Workstation.RunPython(ReadUntilReset, pod, "8"));

            // The near side resets: the far one's read fails with it.
            scene.Workstation.RunPython(ResetByLinger, pod, "7");
            Assert.Equal("reset", await scene.Servers.WaitForLineAsync(_ => true));
        }
        await scene.Engine.WaitForNoConnectionsAsync();
    }

    private const string ReadUntilReset = """
        import errno, socket, sys
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
        s.sendall(b"x")
        try:
            print("end" if s.recv(1) == b"" else "data")
        except OSError as e:
            print(errno.errorcode[e.errno])
        """;

    private const string ResetByLinger = """
        import socket, struct, sys
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
        s.sendall(b"x")
        s.recv(1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        """;

    private static async Task<RealScene> SceneAsync(bool saysNothing)
    {
        Workstation.RequireTools();
        var workstation = await Workstation.StartAsync();
        try
        {
            workstation.Lan.AddInterface("pods0", $"{Pod}/32", $"{Pod6}/128");
            var servers = workstation.Own(
                ChildProcess.Start(workstation.Lan, [], Workstation.Python, "-c", Servers, Pod, Pod6)
            );
            await servers.WaitForLineAsync(line => line == "ready");
            string[] program = saysNothing
                ? [EngineProcess.TestEngineAssembly, "manager"]
                : [typeof(TrafficManagerServer).Assembly.Location];
            var manager = workstation.Own(
                ChildProcess.Start(
                    workstation.Lan,
                    [
                        ("SERVER_HOST", Workstation.NameServer4),
                        ("SERVER_PORT", ManagerPort),
                        ("SERVICE_CIDRS", "10.43.0.0/16"),
                        ("POD_CIDRS", "10.42.0.0/16 fd00:10:42::/64"),
                        ("MANAGER_NAMESPACE_UID", "real-sockets"),
                    ],
                    "dotnet",
                    program
                )
            );
            await manager.WaitForLineAsync(line => line.Contains("listens on", StringComparison.Ordinal));
            var engine = await EngineProcess.StartAsync(
                workstation,
                ("TEST_ENGINE_MANAGER", $"{Workstation.NameServer4}:{ManagerPort}")
            );
            await engine.Client.ConnectAsync(new ConnectParameters { TimeoutSeconds = 60 }, null, EngineProcess.Bound);
            return new RealScene(workstation, servers, engine);
        }
        catch
        {
            await workstation.DisposeAsync();
            throw;
        }
    }

    private sealed record RealScene(Workstation Workstation, ChildProcess Servers, EngineProcess Engine)
        : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Workstation.DisposeAsync();
    }
}
