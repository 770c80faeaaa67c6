using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Telepresence.Engine.Routing;

namespace Telepresence.UnitTests.Routing;

/// <summary>Owners of the interfaces of three lists, each as its system shows them.</summary>
public sealed partial class InterfaceOwnerTests
{
    private const string Secure = "Cisco Secure Client (AnyConnect)";

    [Fact]
    public void Linux() =>
        Assert.Equal(
            [
                "lo: ",
                "eth0: ",
                "wlp2s0: ",
                "tun0: OpenVPN or another tun-based VPN",
                "tap0: OpenVPN, a virtual machine or another user of a tap device",
                "ovpn0: OpenVPN",
                "office: OpenVPN",
                "wg0: WireGuard",
                "corp: WireGuard",
                "wg1: WireGuard",
                "tailscale0: Tailscale",
                $"cscotun0: {Secure}",
                "gpd0: GlobalProtect",
                "nordlynx: NordVPN",
                "nordtun: NordVPN",
                "wg0-mullvad: Mullvad VPN",
                "proton0: Proton VPN",
                "pvpnksintrf0: Proton VPN",
                "CloudflareWARP: Cloudflare WARP",
                "zcctun0: Zscaler",
                "fctvpn1a2b3c4d: FortiClient",
                "tunsnx: Check Point",
                "ztuze6cuma: ZeroTier",
                "wt0: NetBird",
                "tel0: Telepresence",
                "telefon: ",
                "docker0: Docker",
                "br-0177c918ed46: Docker",
                "br-lan: ",
                "virbr0: libvirt",
                "vmnet8: VMware",
                "vboxnet0: VirtualBox",
                "ppp0: a PPP link (a VPN or a modem)",
                "ipsec0: IPsec",
                "vti1: IPsec",
                "vpn0: a VPN (tun)",
                "wtf: ",
                "veth1a2b3c4: ",
            ],
            JsonDocument
                .Parse(string.Join('\n', Lines("linux")))
                .RootElement.EnumerateArray()
                .Select(link =>
                    Owner(
                        InterfaceSystem.Linux,
                        link.GetProperty("ifname").GetString()!,
                        kind: link.TryGetProperty("linkinfo", out var info)
                            ? info.GetProperty("info_kind").GetString()!
                            : ""
                    )
                )
        );

    [Fact]
    public void MacOS()
    {
        var interfaces = new List<(string Name, string Description)>();
        foreach (var line in Lines("macos"))
        {
            if (InterfaceName().Match(line) is { Success: true } name)
                interfaces.Add((name.Groups[1].Value, ""));
            else if (AgentDescription().Match(line) is { Success: true } agent)
                interfaces[^1] = interfaces[^1] with { Description = agent.Groups[1].Value };
        }
        Assert.Equal(
            [
                "lo0: ",
                "en0: ",
                "bridge100: a virtual machine or shared network",
                "feth1724: ZeroTier or another user of a feth device",
                "vnic0: Parallels",
                "ppp0: a PPP link (a VPN or a modem)",
                "ipsec0: IPsec",
                "utun0: a VPN (utun)",
                "utun3: Tailscale",
                "utun4: WireGuard",
                "utun5: GlobalProtect",
                "utun6: a VPN (utun)",
            ],
            interfaces.Select(i => Owner(InterfaceSystem.MacOS, i.Name, description: i.Description))
        );
    }

    [Fact]
    public void Windows() =>
        Assert.Equal(
            [
                "Ethernet: ",
                "Wi-Fi: ",
                "Local Area Connection 2: OpenVPN or another tap-based VPN",
                "OpenVPN Wintun: OpenVPN",
                "Local Area Connection: a VPN (Wintun)",
                "OpenVPN Data Channel Offload: OpenVPN",
                "Ethernet 4: a tap-based VPN",
                "wg-office: WireGuard",
                "wt0: NetBird",
                "Tailscale: Tailscale",
                $"Ethernet 5: {Secure}",
                "Ethernet 6: GlobalProtect",
                "Ethernet 7: FortiClient",
                "Ethernet 8: Ivanti Secure Access (Pulse Secure)",
                "Ethernet 9: Check Point",
                "Ethernet 10: Zscaler",
                "CloudflareWARP: Cloudflare WARP",
                "NordLynx: NordVPN",
                "Mullvad: Mullvad VPN",
                "ProtonVPN: Proton VPN",
                "ZeroTier One [8056c2e21c000001]: ZeroTier",
                "vEthernet (WSL): WSL",
                "vEthernet (Default Switch): Hyper-V",
                "VMware Network Adapter VMnet8: VMware",
                "VirtualBox Host-Only Network: VirtualBox",
                "Ethernet 12: a VPN of Windows",
            ],
            Lines("windows")
                .Skip(1)
                .Select(line => line.Trim('"').Split("\",\""))
                .Select(cells => Owner(InterfaceSystem.Windows, cells[0], description: cells[1]))
        );

    [Fact]
    public void A_name_tells_nothing_on_a_system_that_gives_it_to_others() =>
        Assert.Equal("utun3: ", Owner(InterfaceSystem.Linux, "utun3"));

    private static string Owner(InterfaceSystem system, string name, string kind = "", string description = "") =>
        $"{name}: {InterfaceOwner.Of(new SystemInterface(1, name, kind, true, 1500, [], [], description), system)}";

    private static IEnumerable<string> Lines(string system, [CallerFilePath] string here = "") =>
        File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "Data", $"{system}.txt"))
            .Where(line => !line.StartsWith('#'));

    [GeneratedRegex(@"^(\w+): flags=")]
    private static partial Regex InterfaceName();

    [GeneratedRegex("type:VPN .*desc:\"([^\"]*)\"")]
    private static partial Regex AgentDescription();
}
