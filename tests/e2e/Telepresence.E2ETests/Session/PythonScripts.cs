namespace Telepresence.E2ETests.Session;

/// <summary>What the tests have Python do, as a program we did not write would.</summary>
internal static class PythonScripts
{
    /// <summary>HOST PORT: connects; writes the error's name (or OK) and how many milliseconds it took.</summary>
    public const string Connect = """
        import errno, socket, sys, time
        family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
        s = socket.socket(family)
        s.settimeout(60)
        began = time.monotonic()
        try:
            s.connect((sys.argv[1], int(sys.argv[2])))
            result = "OK"
        except OSError as e:
            result = errno.errorcode.get(e.errno, str(e))
        print(result, round((time.monotonic() - began) * 1000))
        """;

    /// <summary>HOST PORT: connects, writes <c>open</c>, and reads until the connection ends; writes how.</summary>
    public const string ReadToTheEnd = """
        import socket, sys
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
        s.settimeout(None)
        print("open", flush=True)
        try:
            while s.recv(4096):
                pass
            print("end", flush=True)
        except ConnectionResetError:
            print("reset", flush=True)
        """;

    /// <summary>PORT HOST:PORT: carries each connection to the loopback port on; its end resets them all.</summary>
    public const string Relay = """
        import socket, sys, threading
        host, port = sys.argv[2].rsplit(":", 1)
        def pump(a, b):
            try:
                while data := a.recv(65536):
                    b.sendall(data)
                b.shutdown(socket.SHUT_WR)
            except OSError:
                a.close(); b.close()
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
        print("ready", flush=True)
        while True:
            near, _ = listener.accept()
            far = socket.create_connection((host, int(port)))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()
        """;

    /// <summary>HOST PORT: one connection to an echo service; writes a growing number for each answer, or how it ended.</summary>
    public const string KeepAsking = """
        import socket, sys, time
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
        number = 0
        try:
            while True:
                number += 1
                s.sendall(b"%08d" % number)
                answer = s.recv(8, socket.MSG_WAITALL)
                if answer != b"%08d" % number:
                    break
                print(number, flush=True)
                time.sleep(0.02)
            print("ended", flush=True)
        except OSError as e:
            print(e, flush=True)
        """;

    /// <summary>HOST PORT SIZE: sends SIZE bytes, shuts its side down, reads to the end; writes both digests' equality.</summary>
    public const string HalfClose = """
        import hashlib, os, socket, sys, threading
        size = int(sys.argv[3])
        data = os.urandom(size)
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
        def send():
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        digest, count = hashlib.sha256(), 0
        while part := s.recv(1 << 16):
            digest.update(part)
            count += len(part)
        sender.join()
        print(count, digest.digest() == hashlib.sha256(data).digest())
        """;

    /// <summary>HOST PORT SIZE: uploads to the bulk service, shuts down, and only then reads the digest line.</summary>
    public const string BulkPut = """
        import hashlib, os, socket, sys
        size = int(sys.argv[3])
        data = os.urandom(size)
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
        s.sendall(b"PUT %d\n" % size)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        line = b""
        while part := s.recv(4096):
            line += part
        print(line.decode().split() == ["SHA256", hashlib.sha256(data).hexdigest()])
        """;

    /// <summary>HOST PORT SIZE…: one datagram of each size on one socket; writes which came back equal.</summary>
    public const string UdpEcho = """
        import os, socket, sys
        family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.settimeout(30)
        s.connect((sys.argv[1], int(sys.argv[2])))
        for size in map(int, sys.argv[3:]):
            data = os.urandom(size)
            s.send(data)
            print(size, s.recv(65535) == data)
        """;

    /// <summary>HOST PORT COUNT SIZE: COUNT downloads at once, none read before all are connected and asked; writes how many were right.</summary>
    public const string Downloads = """
        import asyncio, hashlib, sys
        host, port, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
        SEEDS = 8

        async def get(path, ready=None, go=None):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            if ready is not None:
                ready()
                await go.wait()
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            digest, length = hashlib.sha256(), 0
            body = b""
            while part := await reader.read(1 << 16):
                digest.update(part)
                length += len(part)
                if length < 1000:
                    body += part
            writer.close()
            return length, digest.hexdigest(), body

        async def main():
            wanted = [
                (await get(f"/sha256?n={size}&seed={s}"))[2] for s in range(SEEDS)
            ]
            go, left = asyncio.Event(), count
            def ready():
                nonlocal left
                left -= 1
                if left == 0:
                    go.set()
            results = await asyncio.gather(
                *(get(f"/bytes?n={size}&seed={i % SEEDS}", ready, go) for i in range(count))
            )
            right = sum(
                length == size and digest.encode() in wanted[i % SEEDS]
                for i, (length, digest, _) in enumerate(results)
            )
            print(right)

        asyncio.run(main())
        """;
}
