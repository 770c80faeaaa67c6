namespace Telepresence.Engine.Routing;

/// <summary>The rows. Facts from public interface lists; the tests have such lists.</summary>
internal static class InterfaceOwnerTable
{
    public static IReadOnlyList<InterfaceOwnerRow> Rows { get; } =
    [
        .. Linux(
            ("tailscale*", null, "Tailscale"),
            ("cscotun*", null, "Cisco Secure Client (AnyConnect)"),
            ("gpd?", null, "GlobalProtect"),
            ("nordlynx*", null, "NordVPN"),
            ("nordtun*", null, "NordVPN"),
            ("*mullvad*", null, "Mullvad VPN"),
            ("proton?", null, "Proton VPN"),
            ("pvpn*", null, "Proton VPN"),
            ("CloudflareWARP", null, "Cloudflare WARP"),
            ("zcctun*", null, "Zscaler"),
            ("fctvpn*", null, "FortiClient"),
            ("tunsnx", null, "Check Point"),
            ("vpn_*", "tun", "SoftEther VPN"),
            ("zt????????*", "tun", "ZeroTier"),
            ("nebula*", "tun", "Nebula"),
            ("netbird*", null, "NetBird"),
            ("wt?", "wireguard", "NetBird"),
            ("wt?", "tun", "NetBird"),
            ("tel?", "tun", "Telepresence"),
            ("tel??", "tun", "Telepresence"),
            ("docker*", "bridge", "Docker"),
            ("br-????????????", "bridge", "Docker"),
            ("podman*", "bridge", "Podman"),
            ("virbr*", "bridge", "libvirt"),
            ("lxcbr*", "bridge", "LXC"),
            ("lxdbr*", "bridge", "LXD"),
            ("cni*", "bridge", "a container network (CNI)"),
            ("flannel*", null, "a container network (flannel)"),
            ("cilium*", null, "a container network (Cilium)"),
            ("vmnet*", null, "VMware"),
            ("vboxnet*", null, "VirtualBox"),
            (null, "ovpn", "OpenVPN"),
            (null, "ovpn-dco", "OpenVPN"),
            (null, "wireguard", "WireGuard"),
            ("wg*", "tun", "WireGuard"),
            ("tun*", "tun", "OpenVPN or another tun-based VPN"),
            ("tap*", "tun", "OpenVPN, a virtual machine or another user of a tap device"),
            (null, "tun", "a VPN (tun)"),
            (null, "xfrm", "IPsec"),
            (null, "vti*", "IPsec"),
            ("ipsec*", null, "IPsec"),
            (null, "ppp", "a PPP link (a VPN or a modem)"),
            ("ppp?", null, "a PPP link (a VPN or a modem)")
        ),
        // The name utunN is the system's for whoever asks; the description is the network extension's own.
        .. MacOS(
            (null, "*Tailscale*", "Tailscale"),
            (null, "*WireGuard*", "WireGuard"),
            (null, "*AnyConnect*", "Cisco Secure Client (AnyConnect)"),
            (null, "*Cisco Secure Client*", "Cisco Secure Client (AnyConnect)"),
            (null, "*GlobalProtect*", "GlobalProtect"),
            (null, "*Forti*", "FortiClient"),
            (null, "*Pulse Secure*", "Ivanti Secure Access (Pulse Secure)"),
            (null, "*Ivanti*", "Ivanti Secure Access (Pulse Secure)"),
            (null, "*F5*", "F5 BIG-IP"),
            (null, "*Check Point*", "Check Point"),
            (null, "*Zscaler*", "Zscaler"),
            (null, "*Cloudflare*", "Cloudflare WARP"),
            (null, "*NordVPN*", "NordVPN"),
            (null, "*Mullvad*", "Mullvad VPN"),
            (null, "*Proton*VPN*", "Proton VPN"),
            (null, "*NetBird*", "NetBird"),
            (null, "*ZeroTier*", "ZeroTier"),
            (null, "*OpenVPN*", "OpenVPN"),
            ("gpd?", null, "GlobalProtect"),
            ("zt*", null, "ZeroTier"),
            ("feth*", null, "ZeroTier or another user of a feth device"),
            ("vnic?", null, "Parallels"),
            ("vmnet*", null, "VMware"),
            ("vboxnet*", null, "VirtualBox"),
            ("bridge1??", null, "a virtual machine or shared network"),
            ("ipsec?", null, "IPsec"),
            ("ppp?", null, "a PPP link (a VPN or a modem)"),
            ("tun?", null, "OpenVPN or another tun-based VPN"),
            ("tap?", null, "OpenVPN or another tap-based VPN"),
            ("utun*", null, "a VPN (utun)")
        ),
        .. Windows(
            ("tel?", null, "Telepresence"),
            (null, "Tailscale*", "Tailscale"),
            (null, "Cisco AnyConnect*", "Cisco Secure Client (AnyConnect)"),
            (null, "Cisco Secure Client*", "Cisco Secure Client (AnyConnect)"),
            (null, "PANGP*", "GlobalProtect"),
            (null, "Fortinet*", "FortiClient"),
            (null, "Juniper Networks Virtual Adapter*", "Ivanti Secure Access (Pulse Secure)"),
            (null, "Pulse Secure*", "Ivanti Secure Access (Pulse Secure)"),
            (null, "Ivanti*", "Ivanti Secure Access (Pulse Secure)"),
            (null, "F5 Networks VPN*", "F5 BIG-IP"),
            (null, "Check Point Virtual Network Adapter*", "Check Point"),
            (null, "Zscaler*", "Zscaler"),
            (null, "Cloudflare WARP*", "Cloudflare WARP"),
            (null, "NordLynx*", "NordVPN"),
            (null, "TAP-NordVPN*", "NordVPN"),
            (null, "Mullvad*", "Mullvad VPN"),
            (null, "ProtonVPN*", "Proton VPN"),
            (null, "TAP-ProtonVPN*", "Proton VPN"),
            (null, "ZeroTier*", "ZeroTier"),
            (null, "NetBird*", "NetBird"),
            ("wt?", "WireGuard*", "NetBird"),
            (null, "WireGuard*", "WireGuard"),
            (null, "OpenVPN*", "OpenVPN"),
            ("OpenVPN*", null, "OpenVPN"),
            (null, "TAP-Windows Adapter*", "OpenVPN or another tap-based VPN"),
            (null, "*TAP-Windows*", "a tap-based VPN"),
            (null, "Wintun*", "a VPN (Wintun)"),
            ("vEthernet (WSL*", null, "WSL"),
            ("vEthernet (DockerNAT*", null, "Docker"),
            (null, "Hyper-V Virtual Ethernet Adapter*", "Hyper-V"),
            (null, "VMware*", "VMware"),
            (null, "VirtualBox*", "VirtualBox"),
            (null, "Parallels*", "Parallels"),
            (null, "WAN Miniport (PPPOE)*", "a PPP link (a VPN or a modem)"),
            (null, "WAN Miniport (*", "a VPN of Windows")
        ),
    ];

    private static IEnumerable<InterfaceOwnerRow> Linux(params (string? Name, string? Kind, string Owner)[] rows) =>
        rows.Select(r => new InterfaceOwnerRow(InterfaceSystem.Linux, r.Owner, r.Name, Kind: r.Kind));

    private static IEnumerable<InterfaceOwnerRow> MacOS(
        params (string? Name, string? Description, string Owner)[] rows
    ) => rows.Select(r => new InterfaceOwnerRow(InterfaceSystem.MacOS, r.Owner, r.Name, Description: r.Description));

    private static IEnumerable<InterfaceOwnerRow> Windows(
        params (string? Name, string? Description, string Owner)[] rows
    ) => rows.Select(r => new InterfaceOwnerRow(InterfaceSystem.Windows, r.Owner, r.Name, Description: r.Description));
}
