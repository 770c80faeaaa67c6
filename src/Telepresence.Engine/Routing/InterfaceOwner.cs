namespace Telepresence.Engine.Routing;

/// <summary>Tells by its name and kind whose an interface is.</summary>
internal static class InterfaceOwner
{
    // Names first: a product's own name says more than the kernel's kind. Longest match first where one begins another.
    private static readonly (string Prefix, string Owner)[] Names =
    [
        ("tailscale", "Tailscale"),
        ("cscotun", "Cisco AnyConnect"),
        ("gpd", "GlobalProtect"),
        ("nordlynx", "NordVPN"),
        ("wg-mullvad", "Mullvad"),
        ("proton", "Proton VPN"),
        ("CloudflareWARP", "Cloudflare WARP"),
        ("zt", "ZeroTier"),
        ("nebula", "Nebula"),
        ("netbird", "NetBird"),
        ("wt", "NetBird"),
        ("fctvpn", "FortiClient"),
        ("vpn_", "Check Point"),
        ("jnc", "Pulse Secure"),
        ("f5fpc", "F5 BIG-IP"),
        ("wg", "WireGuard"),
        ("ppp", "PPP VPN"),
        ("ipsec", "IPsec"),
        ("tel", "Telepresence"),
        ("docker", "Docker"),
        ("br-", "Docker"),
        ("cni", "container network"),
        ("virbr", "libvirt"),
        ("vmnet", "VMware"),
        ("vboxnet", "VirtualBox"),
        ("tun", "OpenVPN"),
        ("tap", "OpenVPN"),
    ];

    /// <summary>The product's name, or empty when nothing tells.</summary>
    public static string Of(SystemInterface on)
    {
        foreach (var (prefix, owner) in Names)
        {
            if (Matches(on.Name, prefix))
            {
                return owner;
            }
        }
        return on.Kind switch
        {
            "wireguard" => "WireGuard",
            "xfrm" or "vti" => "IPsec",
            "ppp" => "PPP VPN",
            "tun" => "a VPN",
            _ => "",
        };
    }

    // "wt0" is NetBird's, "wtf" is not: short names need a digit behind them.
    private static bool Matches(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal)
        && (prefix.Length > 3 || prefix == "br-" || prefix == "zt" || IsNumbered(name, prefix.Length));

    private static bool IsNumbered(string name, int at) => at == name.Length || char.IsAsciiDigit(name[at]);
}
