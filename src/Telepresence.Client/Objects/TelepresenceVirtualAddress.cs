namespace Telepresence.Client.Objects;

/// <summary>A virtual address and the real one behind it.</summary>
public sealed class TelepresenceVirtualAddress
{
    /// <summary>What programs on this machine connect to.</summary>
    public string VirtualAddress { get; set; } = "";

    /// <summary>The real address in the cluster.</summary>
    public string ClusterAddress { get; set; } = "";

    /// <summary>False: the address is reached as it is, and both are equal.</summary>
    public bool IsTranslated { get; set; }

    /// <summary>Workload that the traffic leaves through, or empty.</summary>
    public string Via { get; set; } = "";

    /// <summary>A name that was resolved to it, or empty.</summary>
    public string DnsName { get; set; } = "";

    /// <summary>Name of the session.</summary>
    public string Session { get; set; } = "";

    /// <summary>Both addresses.</summary>
    public override string ToString() => $"{VirtualAddress} → {ClusterAddress}";
}
