using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>
/// A workstation whose OpenVPN is up and routes 10.0.0.0/8, 100.124.0.0/16 and fd00:10::/32 into the office, and a
/// dual-stack cluster whose services collide with that. Built by the first test that asks, since a fixture's own
/// constructor cannot skip.
/// </summary>
public sealed class OpenVpnFixture : IAsyncLifetime
{
    public const string Services = "10.43.0.0/16";
    public const string Pods = "172.30.0.0/16";
    public const string Services6 = "fd00:10:96::/112";
    public const string Pods6 = "fd00:30::/64";

    /// <summary>A host of the office whose address is one of the cluster's too.</summary>
    public const string Colliding = "10.43.9.9";
    public const string Colliding6 = "fd00:10:96::909";

    /// <summary>A host of the office close to the cluster's subnet.</summary>
    public const string Near = "10.44.0.9";

    /// <summary>A host of the office whose address a cluster's pods may have too.</summary>
    public const string InPodsToo = "10.42.9.9";

    /// <summary>A host of the office in 100.124.0.0/16, but not in 100.124.150.0/24.</summary>
    public const string InWholeOnly = "100.124.7.7";

    /// <summary>An address of the office in <see cref="Services"/> that a cluster's API server may listen on.</summary>
    public const string ApiServer = "10.43.77.7";

    /// <summary>A host of the office in <see cref="Pods"/>, which no route of the VPN leads to.</summary>
    public const string BehindSecondCard = "172.30.77.7";

    /// <summary>A host of the office that is in no subnet of a cluster or the VPN.</summary>
    public const string Public = "198.51.100.70";

    private readonly Lazy<Task> _starting;
    private readonly Dictionary<(string Services, string Pods, int Number), SandboxProcess> _sandboxes = [];
    private Workstation? _workstation;

    public OpenVpnFixture() => _starting = new Lazy<Task>(BuildAsync);

    internal Workstation Workstation => _workstation!;
    internal Office Office { get; private set; } = null!;
    internal OpenVpn Vpn { get; private set; } = null!;
    internal SandboxProcess Sandbox { get; private set; } = null!;

    /// <summary>Skips the calling test where something is missing.</summary>
    internal Task StartAsync(params string[] needs)
    {
        Workstation.RequireTools(["openvpn", "dnsmasq", "sysctl", .. needs]);
        return _starting.Value;
    }

    /// <summary>A cluster of one family with these subnets, shared by the tests of the class.</summary>
    /// <param name="number">More than one of the same subnets.</param>
    internal async Task<SandboxProcess> SandboxAsync(string services, string pods = Pods, int number = 1)
    {
        if (!_sandboxes.TryGetValue((services, pods, number), out var sandbox))
        {
            sandbox = await SandboxProcess.StartAsync(Workstation, "--service-subnet", services, "--pod-subnet", pods);
            _sandboxes[(services, pods, number)] = sandbox;
        }
        return sandbox;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_workstation is not null)
            await _workstation.DisposeAsync();
    }

    private async Task BuildAsync()
    {
        _workstation = await Workstation.StartAsync($"nameserver {Office.NameServer}\noptions timeout:5 attempts:2\n");
        // No link-local address that comes a moment later.
        _workstation.Net.Sysctl("net.ipv6.conf.default.addr_gen_mode", "1");
        // As a user's machine has one; it leads to the LAN's namespace and no further.
        _workstation.Net.Ip($"route add default via {Workstation.NameServer4} dev lan0 metric 700");
        Office = await Office.StartAsync(
            _workstation,
            Colliding,
            Colliding6,
            Near,
            InPodsToo,
            InWholeOnly,
            "100.124.150.45",
            BehindSecondCard,
            Public
        );
        Office.AddHost(ApiServer);
        Vpn = await OpenVpn.StartServerAsync(
            _workstation,
            Office,
            "route 10.0.0.0 255.0.0.0",
            "route 100.124.0.0 255.255.0.0",
            "route-ipv6 fd00:10::/32"
        );
        await Vpn.UpAsync();
        Sandbox = await SandboxProcess.StartAsync(
            _workstation,
            "--service-subnet",
            Services,
            "--service-subnet",
            Services6,
            "--pod-subnet",
            Pods,
            "--pod-subnet",
            Pods6
        );
    }
}
