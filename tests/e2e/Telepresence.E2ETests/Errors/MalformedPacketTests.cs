using Telepresence.Client.Contract;
using Telepresence.Sandbox;

namespace Telepresence.E2ETests.Errors;

/// <summary>Packets that no kernel would send, put onto the interface of a session that must go on working.</summary>
public sealed class MalformedPacketTests(ErrorsFixture fixture) : IClassFixture<ErrorsFixture>
{
    private const string Python = "/usr/bin/python3";

    /// <summary>interface, source, destination, name server, seed, count.</summary>
    private const string Script = """
        import random, socket, struct, sys
        dev, src, dst, dns, seed, count = sys.argv[1:7]
        rnd = random.Random(int(seed))
        out = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        src, dst, dns = map(socket.inet_aton, (src, dst, dns))

        def checksum(data):
            data += b"\0" * (len(data) % 2)
            total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
            while total >> 16:
                total = (total & 0xffff) + (total >> 16)
            return ~total & 0xffff

        def ip(protocol, payload, to=None, length=None, words=5, version=4, fragment=0):
            to = to or dst
            head = bytearray(struct.pack("!BBHHHBBH", version << 4 | words, 0,
                20 + len(payload) if length is None else length, rnd.randrange(65536), fragment, 64, protocol, 0) + src + to)
            struct.pack_into("!H", head, 10, checksum(bytes(head)))
            return bytes(head) + payload

        def transport(protocol, segment, at, to=None):
            pseudo = src + (to or dst) + struct.pack("!BBH", 0, protocol, len(segment))
            segment = bytearray(segment)
            struct.pack_into("!H", segment, at, checksum(pseudo + bytes(segment)))
            return bytes(segment)

        def tcp():
            options = rnd.randbytes(rnd.choice([0, 1, 4, 12, 40]))
            head = struct.pack("!HHIIBBHHH", rnd.randrange(65536), rnd.choice([80, 7, 0]), rnd.randrange(1 << 32),
                rnd.randrange(1 << 32), rnd.randrange(16) << 4, rnd.randrange(256), rnd.randrange(65536), 0, rnd.randrange(65536))
            return ip(6, transport(6, head + options, 16))

        def udp(payload, port, to=None):
            length = rnd.choice([8 + len(payload), 0, 7, 65535, len(payload)])
            return ip(17, transport(17, struct.pack("!HHHH", rnd.randrange(1, 65536), port, length, 0) + payload, 6, to), to)

        def query():
            names = rnd.choice([b"\xc0\x0c", b"\x3f" + b"a" * 10, b"\x03web\x04demo\0", b"\xff" * 30, b""])
            head = struct.pack("!HHHHHH", rnd.randrange(65536), rnd.randrange(65536), rnd.choice([0, 1, 2, 65535]),
                rnd.randrange(3), 0, rnd.randrange(3))
            message = head + names + rnd.randbytes(rnd.randrange(12))
            packet = struct.pack("!HHHH", rnd.randrange(1024, 65536), 53, 8 + len(message), 0) + message
            return ip(17, transport(17, packet, 6, dns), dns)

        kinds = [
            lambda: rnd.randbytes(rnd.randrange(1, 1400)),
            lambda: ip(rnd.randrange(256), rnd.randbytes(rnd.randrange(200))),
            lambda: ip(6, rnd.randbytes(20), length=rnd.randrange(65536)),
            lambda: ip(6, rnd.randbytes(40), words=rnd.randrange(16)),
            lambda: ip(17, rnd.randbytes(30), version=rnd.randrange(16)),
            lambda: ip(17, rnd.randbytes(8 * rnd.randrange(1, 40)), fragment=rnd.randrange(65536)),
            lambda: ip(1, rnd.randbytes(rnd.randrange(40))),
            tcp,
            lambda: udp(rnd.randbytes(rnd.randrange(300)), rnd.choice([7, 53, 0])),
            query,
        ]
        sent = 0
        for i in range(int(count)):
            packet = kinds[i % len(kinds)]()
            try:
                out.sendto(packet, (dev, 0x0800))
                sent += 1
            except OSError:
                pass  # the kernel itself refuses some
        print(sent)
        """;

    [SkippableFact]
    public async Task A_session_survives_whatever_is_put_onto_its_interface()
    {
        ErrorsFixture.Require("curl");
        Skip.IfNot(File.Exists(Python), $"needs {Python}");
        var bound = new CancellationTokenSource(ErrorsFixture.Patience).Token;
        var sandbox = await fixture.SandboxAsync(new SandboxOptions());
        await using var engine = await EngineInside.StartAsync(fixture);
        var session = await engine.Client.ConnectAsync(
            sandbox.Connect(new SubnetSelection { Vnat = ["all"], VirtualSubnet = "198.18.0.0/16" }),
            null,
            bound
        );
        var web = sandbox.Cluster.ServiceAddress("web").ToString();
        var address = Assert
            .Single(await engine.Client.ToVirtualAsync(new AddressParameters([web], session.Name), bound))
            .VirtualAddress;
        var source = fixture
            .Net.IpJson($"address show dev {session.InterfaceAlias}")[0]
            .GetProperty("addr_info")[0]
            .GetProperty("local")
            .GetString()!;
        Assert.Contains(sandbox.Cluster.PageToken, Fetch(), StringComparison.Ordinal);

        var sent = fixture.Net.Program(
            Python,
            "-c",
            Script,
            session.InterfaceAlias,
            source,
            address,
            session.DnsServers.FirstOrDefault() ?? source,
            "1",
            "20000"
        );
        Assert.True(int.Parse(sent.Require()) > 10_000, sent.Output);

        Assert.Contains(sandbox.Cluster.PageToken, Fetch(), StringComparison.Ordinal);
        Assert.Equal(
            Client.Objects.SessionState.Connected,
            Assert.Single(await engine.Client.ListSessionsAsync(bound)).State
        );

        string Fetch() =>
            fixture
                .Net.Program("curl", "-sS", "--noproxy", "*", "--max-time", "60", $"http://{address}/token")
                .Require();
    }
}
