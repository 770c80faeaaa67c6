using Telepresence.E2ETests.Netns;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>
/// What is behind the VPN: a network namespace with hosts (addresses, each with a web page that names it) and the
/// corporate name server, which is dnsmasq. The workstation meets its gateway over a link of its own, <c>wan0</c>.
/// </summary>
internal sealed class Office : IAsyncDisposable
{
    /// <summary>The gateway as the workstation reaches it without any VPN.</summary>
    public const string Gateway = "203.0.113.1";

    /// <summary>The office's router as the workstation's second network card, <c>nic1</c>, reaches it.</summary>
    public const string SecondGateway = "198.18.7.1";

    public const string NameServer = "10.20.0.53";

    /// <summary>The same where a VPN is Tailscale's.</summary>
    public const string MagicNameServer = "100.100.100.100";

    public const string Intranet = "10.20.0.10";
    public const string Intranet6 = "fd00:10:20::10";

    /// <summary>A name that only the corporate name server knows, of <see cref="Intranet"/>.</summary>
    public const string IntranetName = "intranet.corp.example";

    private const string Pages = """
        import http.server, socket, sys, threading

        class Page(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = f"office {self.server.server_address[0]} to {self.client_address[0]}\n".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        class Server6(Server):
            address_family = socket.AF_INET6

        for address in sys.argv[1:]:
            server = (Server6 if ":" in address else Server)((address, 80), Page)
            threading.Thread(target=server.serve_forever).start()
        print("ready", flush=True)
        """;

    private readonly Stack<IAsyncDisposable> _owned = new();

    private Office() => Net = NetworkNamespace.Create("vpn-office");

    public NetworkNamespace Net { get; }

    /// <param name="hosts">Addresses beside <see cref="Intranet"/> that answer.</param>
    public static async Task<Office> StartAsync(Workstation workstation, params string[] hosts)
    {
        var office = workstation.Own(new Office());
        NetworkNamespace.Connect(workstation.Net, "wan0", ["203.0.113.2/24"], office.Net, "wan0", [$"{Gateway}/24"]);
        NetworkNamespace.Connect(
            workstation.Net,
            "nic1",
            ["198.18.7.2/24"],
            office.Net,
            "nic1",
            [$"{SecondGateway}/24"]
        );
        string[] pages = [Intranet, Intranet6, .. hosts];
        foreach (var address in (string[])[.. pages, NameServer, MagicNameServer])
            office.AddHost(address);
        await office.RunAsync(Workstation.Python, line => line == "ready", ["-c", Pages, .. pages]);
        await office.RunAsync(
            "dnsmasq",
            line => line.Contains("started", StringComparison.Ordinal),
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=",
            "--user=root",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
            $"--listen-address={NameServer},{MagicNameServer}",
            $"--address=/{IntranetName}/{Intranet}",
            "--log-facility=/dev/stdout"
        );
        return office;
    }

    /// <summary>An address that programs started in <see cref="Net"/> can listen on.</summary>
    public void AddHost(string address) =>
        Net.Ip($"address add {address} dev lo{(address.Contains(':') ? " nodad" : "")}");

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var owned))
            await owned.DisposeAsync();
        Net.Dispose();
    }

    private async Task RunAsync(string program, Func<string, bool> isReady, params string[] arguments)
    {
        var process = ChildProcess.Start(Net, [], program, arguments);
        _owned.Push(process);
        await process.WaitForLineAsync(isReady);
    }
}
