using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>
/// A VPN as WireGuard's are: a link into the office, a routing table of its own, and rules that lead to it before, or
/// around, the main table.
/// </summary>
internal static class PolicyVpn
{
    public const string Tailscale = "tailscale0";
    public const string WireGuard = "wg0";

    /// <summary>The workstation's address in Tailscale's network.</summary>
    public const string TailscaleAddress = "100.101.102.103";

    /// <summary>The workstation's address in the WireGuard network.</summary>
    public const string WireGuardAddress = "10.9.0.2";

    private const string Table = "51820";

    /// <summary>As tailscaled sets it up: 100.64.0.0/10 in table 52, which its rules ask before the main table.</summary>
    public static void AddTailscale(Workstation workstation, Office office)
    {
        AddLink(workstation, office, Tailscale, TailscaleAddress);
        workstation.Net.Ip($"route add 100.64.0.0/10 dev {Tailscale} table 52");
        workstation.Net.Ip("rule add pref 5210 fwmark 0x80000/0xff0000 lookup main");
        workstation.Net.Ip("rule add pref 5250 fwmark 0x80000/0xff0000 unreachable");
        workstation.Net.Ip("rule add pref 5270 lookup 52");
    }

    /// <summary>
    /// As wg-quick sets up <c>AllowedIPs = 0.0.0.0/0</c>: a default route in a table of its own for all that is not
    /// WireGuard's own and for which the main table has only a default route.
    /// </summary>
    public static void AddWireGuard(Workstation workstation, Office office)
    {
        AddLink(workstation, office, WireGuard, WireGuardAddress);
        workstation.Net.Ip($"route add default dev {WireGuard} table {Table}");
        workstation.Net.Ip($"rule add not fwmark {Table} table {Table}");
        workstation.Net.Ip("rule add table main suppress_prefixlength 0");
    }

    // The kernel of a test machine need not have the wireguard type; the office answers ARP for all its hosts.
    private static void AddLink(Workstation workstation, Office office, string name, string address)
    {
        Netns.NetworkNamespace.Connect(workstation.Net, name, [$"{address}/32"], office.Net, name, []);
        office.Net.Ip($"route add {address} dev {name}");
    }
}
