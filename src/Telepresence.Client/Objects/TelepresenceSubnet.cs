namespace Telepresence.Client.Objects;

/// <summary>A subnet that a session knows, and what it does with it.</summary>
public sealed class TelepresenceSubnet
{
    /// <summary>CIDR, with real cluster addresses.</summary>
    public string Subnet { get; set; } = "";

    /// <summary>What it is to the cluster.</summary>
    public SubnetKind Kind { get; set; }

    /// <summary>What is done with it.</summary>
    public RouteDisposition Disposition { get; set; }

    /// <summary>Virtual CIDR that stands for it; empty when not translated.</summary>
    public string VirtualSubnet { get; set; } = "";

    /// <summary>Workload that its traffic leaves through, or empty.</summary>
    public string Via { get; set; } = "";

    /// <summary>IPv4 or IPv6.</summary>
    public AddressFamilyName AddressFamily { get; set; }

    /// <summary>Name of the session.</summary>
    public string Session { get; set; } = "";

    /// <summary>The CIDR.</summary>
    public override string ToString() => Subnet;
}
