namespace Telepresence.E2ETests.Engagements;

/// <summary>What stands on the workstation in place of a container: programs that we did not write run these.</summary>
internal static class LocalPrograms
{
    /// <summary>PORT: an HTTP server that answers <c>laptop PATH</c> and writes a line <c>METHOD PATH</c> a request.</summary>
    public const string Http = """
        import http.server, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                print(self.command, self.path, flush=True)
                body = f"laptop {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *a):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
        print("listening", flush=True)
        server.serve_forever()
        """;

    /// <summary>PORT: answers each datagram in capitals.</summary>
    public const string Udp = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", int(sys.argv[1])))
        print("listening", flush=True)
        while True:
            data, peer = s.recvfrom(65535)
            s.sendto(data.upper(), peer)
        """;

    /// <summary>HOST PORT TEXT: one datagram there, writes what comes back.</summary>
    public const string AskUdp = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(60)
        s.sendto(sys.argv[3].encode(), (sys.argv[1], int(sys.argv[2])))
        print(s.recv(65535).decode())
        """;

    /// <summary>PORT: accepts an upgrade (RFC 6455), then sends each frame back as it is.</summary>
    public const string WebSocket = """
        import base64, hashlib, socket, sys
        l = socket.socket()
        l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        l.bind(("127.0.0.1", int(sys.argv[1])))
        l.listen()
        print("listening", flush=True)
        c, _ = l.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += c.recv(65535)
        key = [v.split(b":", 1)[1].strip() for v in head.split(b"\r\n") if v.lower().startswith(b"sec-websocket-key:")][0]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while data := c.recv(65535):
            c.sendall(data)
        """;

    /// <summary>HOST: upgrades and sends frames, writes what the server accepted and how many bytes came back alike.</summary>
    public const string AskWebSocket = """
        import os, socket, sys
        s = socket.create_connection((sys.argv[1], 80), 60)
        s.sendall(b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += s.recv(1)
        print([l.split()[1].decode() for l in head.split(b"\r\n") if l.startswith(b"Sec-WebSocket-Accept")][0])
        same = 0
        for n in (5, 70, 60000):
            frame = os.urandom(n)
            s.sendall(frame)
            got = b""
            while len(got) < n:
                got += s.recv(n - len(got))
            same += n if got == frame else 0
        print(same)
        """;

    /// <summary>A worker: takes a job off the queue that QUEUE names, and says that it was the laptop that did it.</summary>
    public const string Worker = """
        import os, socket
        host, port = os.environ["QUEUE"].rsplit(":", 1)
        s = socket.create_connection((host, int(port)), 60)
        f = s.makefile("rw")
        print("POP", file=f, flush=True)
        job = f.readline().strip()
        print("DONE laptop", job, file=f, flush=True)
        print(f.readline().strip(), job)
        """;

    /// <summary>HOST COMMAND: one command to the queue, writes the answer.</summary>
    public const string Queue = """
        import socket, sys
        s = socket.create_connection((sys.argv[1], 5672), 60)
        f = s.makefile("rw")
        print(sys.argv[2], file=f, flush=True)
        print(f.readline().strip())
        """;

    /// <summary>HOST:PORT …: what a TCP echo there sends back, for each.</summary>
    public const string Echo = """
        import socket, sys
        for target in sys.argv[1:]:
            host, port = target.rsplit(":", 1)
            s = socket.create_connection((host.strip("[]"), int(port)), 60)
            s.sendall(b"hello")
            print(s.recv(5).decode())
        """;
}
