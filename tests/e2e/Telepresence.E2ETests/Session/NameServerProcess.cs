using Telepresence.E2ETests.Netns;

namespace Telepresence.E2ETests.Session;

/// <summary>
/// The machine's own name server, in the LAN: knows <c>outside.example</c> and a long TXT record at
/// <c>big.example</c> that UDP has no room for, says NXDOMAIN to the rest, and writes a line a question.
/// </summary>
internal sealed class NameServerProcess : IAsyncDisposable
{
    public const string OutsideAddress4 = "198.51.100.7";
    public const string OutsideAddress6 = "2001:db8:51::7";

    private const string Script = """
        import socket, struct, sys, threading

        TXT = b"".join(bytes([200]) + bytes([97 + i]) * 200 for i in range(10))
        ZONE = {
            ("outside.example", 1): socket.inet_aton("198.51.100.7"),
            ("outside.example", 28): socket.inet_pton(socket.AF_INET6, "2001:db8:51::7"),
            ("big.example", 16): TXT,
        }
        NAMES = {name for name, _ in ZONE}

        def reply(query, transport):
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
                at += 1 + query[at]
            name = ".".join(labels)
            kind = struct.unpack("!H", query[at + 1 : at + 3])[0]
            question = query[12 : at + 5]
            print(transport, name, kind, flush=True)
            data = ZONE.get((name, kind))
            flags = 0x8580 if name in NAMES else 0x8583
            answer = b"" if data is None else b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 30, len(data)) + data
            if transport == "udp" and len(answer) > 450:
                flags, answer = flags | 0x0200, b""
            return query[:2] + struct.pack("!HHHHH", flags, 1, 1 if answer else 0, 0, 0) + question + answer

        def udp(s):
            while True:
                query, peer = s.recvfrom(65535)
                s.sendto(reply(query, "udp"), peer)

        def tcp_one(c):
            with c:
                while len(head := c.recv(2, socket.MSG_WAITALL)) == 2:
                    query = c.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
                    answer = reply(query, "tcp")
                    c.sendall(struct.pack("!H", len(answer)) + answer)

        def tcp(s):
            while True:
                threading.Thread(target=tcp_one, args=(s.accept()[0],), daemon=True).start()

        for address in sys.argv[1:]:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            u = socket.socket(family, socket.SOCK_DGRAM); u.bind((address, 53))
            t = socket.socket(family); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); t.bind((address, 53)); t.listen(64)
            threading.Thread(target=udp, args=(u,)).start()
            threading.Thread(target=tcp, args=(t,)).start()
        print("ready", flush=True)
        """;

    private readonly ChildProcess _process;

    private NameServerProcess(ChildProcess process) => _process = process;

    /// <summary>What it was asked so far: <c>udp name type</c>.</summary>
    public IReadOnlyList<string> Questions => [.. _process.Output.Where(line => line != "ready")];

    public static async Task<NameServerProcess> StartAsync(NetworkNamespace net, params string[] addresses)
    {
        var process = ChildProcess.Start(net, [], Workstation.Python, ["-c", Script, .. addresses]);
        await process.WaitForLineAsync(line => line == "ready");
        return new NameServerProcess(process);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
