namespace Telepresence.Client.Objects;

/// <summary>What a cluster subnet collides with, and what connect would do about it.</summary>
public sealed class TelepresenceConflict
{
    /// <summary>The cluster's subnet.</summary>
    public string Subnet { get; set; } = "";

    /// <summary>What it is to the cluster.</summary>
    public SubnetKind Kind { get; set; }

    /// <summary>Prefix of the local route that overlaps; empty without a conflict.</summary>
    public string ConflictingRoute { get; set; } = "";

    /// <summary>Interface of the local route.</summary>
    public string InterfaceAlias { get; set; } = "";

    /// <summary>The VPN or network behind that interface where it can be told, such as <c>WireGuard</c>.</summary>
    public string Owner { get; set; } = "";

    /// <summary>How bad it is.</summary>
    public ConflictSeverity Severity { get; set; }

    /// <summary>What connect would do.</summary>
    public ConflictResolution Resolution { get; set; }

    /// <summary>Virtual CIDR that would stand for the subnet; empty when not translated.</summary>
    public string VirtualSubnet { get; set; } = "";

    /// <summary>A command line to paste; empty without a conflict.</summary>
    public string Recommendation { get; set; } = "";

    /// <summary>
    /// Each way to resolve the conflict as a command line to paste, with the other parameters of the test; empty without a
    /// conflict.
    /// </summary>
    public string[] Alternatives { get; set; } = [];

    /// <summary>The subnet.</summary>
    public override string ToString() => Subnet;
}
