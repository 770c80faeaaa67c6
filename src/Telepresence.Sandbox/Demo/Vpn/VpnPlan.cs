using System.Net;

namespace Telepresence.Sandbox.Demo.Vpn;

/// <summary>Names and addresses of the demo's VPN.</summary>
internal static class VpnPlan
{
    /// <summary>The interface on the workstation.</summary>
    public const string Interface = "vpn0";

    /// <summary>What the VPN says belongs to it.</summary>
    public const string Prefix = "10.0.0.0/8";

    /// <summary>Its gateway, which is also the workstation's name server.</summary>
    public static readonly IPAddress Gateway = IPAddress.Parse("10.8.0.1");

    /// <summary>The workstation's own address in it.</summary>
    public static readonly IPAddress Workstation = IPAddress.Parse("10.8.0.2");
}
