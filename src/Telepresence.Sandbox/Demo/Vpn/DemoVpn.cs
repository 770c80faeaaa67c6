using System.Runtime.Versioning;
using Telepresence.Sandbox.Demo.Isolation;

namespace Telepresence.Sandbox.Demo.Vpn;

/// <summary>
/// A company network behind a "VPN": a veth pair into a second namespace, and the route 10.0.0.0/8 that OpenVPN would
/// have left, which covers the cluster's subnets. Every address in it answers, so that what still belongs to the VPN
/// can be told from what does not.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class DemoVpn : IAsyncDisposable
{
    private readonly NetworkNamespace _company;
    private readonly VpnWebSite _web;
    private readonly VpnNameServer _names;

    private DemoVpn(NetworkNamespace company, VpnWebSite web, VpnNameServer names)
    {
        _company = company;
        _web = web;
        _names = names;
    }

    /// <summary>Builds it. The calling process must be in the demo's own namespaces.</summary>
    /// <exception cref="DemoException">The kernel refused.</exception>
    public static DemoVpn Start()
    {
        Ip("link set lo up");
        var company = new NetworkNamespace();
        company.Run(() =>
        {
            Ip($"link add company0 type veth peer name {VpnPlan.Interface} netns {Environment.ProcessId}");
            Ip("link set lo up");
            Ip("link set company0 addrgenmode none");
            Ip($"address add {VpnPlan.Gateway}/24 dev company0");
            Ip("link set company0 up");
            // In table main, so that the /24 of the link itself stays more specific.
            return Ip($"route add local {VpnPlan.Prefix} dev lo table main");
        });
        Ip($"address add {VpnPlan.Workstation}/24 dev {VpnPlan.Interface}");
        // A link-local address would appear some time after the state before was recorded.
        Ip($"link set {VpnPlan.Interface} addrgenmode none");
        Ip($"link set {VpnPlan.Interface} up");
        Ip($"route add {VpnPlan.Prefix} via {VpnPlan.Gateway} dev {VpnPlan.Interface}");
        return new DemoVpn(company, company.Run(VpnWebSite.Start), company.Run(VpnNameServer.Start));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync().ConfigureAwait(false);
        await _names.DisposeAsync().ConfigureAwait(false);
        _company.Dispose();
    }

    private static bool Ip(string arguments)
    {
        var done = ForeignProgram.RunAsync("ip", arguments.Split(' ')).GetAwaiter().GetResult();
        return done.Succeeded
            ? true
            : throw new DemoException(
                "NetworkRefused",
                $"`{done.CommandLine}` failed: {done.FirstLine}",
                "Run the demo as root on a kernel with veth devices."
            );
    }
}
