using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>
/// A real OpenVPN from the workstation into the office. Its server gives the client 10.8.0.6 with the gateway 10.8.0.5
/// (and an address of fd00:8::/64) on <c>tun0</c>.
/// </summary>
internal sealed class OpenVpn : IAsyncDisposable
{
    public const string Device = "tun0";

    /// <summary>What ip(8) says of a destination behind the VPN.</summary>
    public const string Route = $"dev={Device} gateway=10.8.0.5 prefsrc=10.8.0.6";

    private const string Ready = "Initialization Sequence Completed";

    private readonly Workstation _workstation;
    private readonly string _clientConfiguration;
    private ChildProcess? _server;
    private ChildProcess? _client;

    private OpenVpn(Workstation workstation, string clientConfiguration)
    {
        _workstation = workstation;
        _clientConfiguration = clientConfiguration;
    }

    /// <summary>Starts the server; the client is down.</summary>
    /// <param name="pushed">What the server pushes, such as <c>route 10.0.0.0 255.0.0.0</c>.</param>
    public static async Task<OpenVpn> StartServerAsync(Workstation workstation, Office office, params string[] pushed)
    {
        var folder = workstation.NewFolder("openvpn");
        using var serverPeer = new VpnPeer("server");
        using var clientPeer = new VpnPeer("client");
        var client = Path.Combine(folder, "client.conf");
        await File.WriteAllTextAsync(
            client,
            $"""
            client
            remote {Office.Gateway} 1194
            proto udp
            nobind
            dev {Device}
            explicit-exit-notify
            {clientPeer.ConfigurationToTrust(serverPeer)}
            """
        );
        var server = Path.Combine(folder, "server.conf");
        await File.WriteAllTextAsync(
            server,
            $"""
            local {Office.Gateway}
            port 1194
            proto udp
            dev {Device}
            topology net30
            server 10.8.0.0 255.255.255.0
            server-ipv6 fd00:8::/64
            dh none
            {string.Join('\n', pushed.Select(option => $"push \"{option}\""))}
            {serverPeer.ConfigurationToTrust(clientPeer)}
            """
        );
        var vpn = workstation.Own(new OpenVpn(workstation, client));
        vpn._server = ChildProcess.Start(office.Net, [], "openvpn", "--config", server);
        await vpn._server.WaitForLineAsync(IsReady);
        return vpn;
    }

    /// <summary>Brings the client up; its routes are there when this returns.</summary>
    /// <param name="options">More of the client's, such as <c>--redirect-gateway</c>.</param>
    public async Task UpAsync(params string[] options)
    {
        Assert.Null(_client);
        _client = ChildProcess.Start(_workstation.Net, [], "openvpn", ["--config", _clientConfiguration, .. options]);
        await _client.WaitForLineAsync(IsReady);
    }

    /// <summary>Ends the client where it is up; interface and routes are gone when this returns.</summary>
    public async Task DownAsync()
    {
        if (_client is null)
            return;
        await _client.EndAsync();
        await _client.DisposeAsync();
        _client = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private static bool IsReady(string line) => line.Contains(Ready, StringComparison.Ordinal);
}
