namespace Telepresence.Client.Contract;

/// <summary>What is routed, translated or left alone (DESIGN §5). Texts as the user wrote them; the engine parses them.</summary>
public sealed record SubnetSelection
{
    /// <summary>CIDRs or the symbols <c>also service pods all</c> to translate.</summary>
    public IReadOnlyList<string> Vnat { get; set; } = [];

    /// <summary><c>CIDR=WORKLOAD</c> or <c>SYMBOL=WORKLOAD</c>.</summary>
    public IReadOnlyList<string> ProxyVia { get; set; } = [];

    /// <summary>CIDRs or addresses routed into the cluster besides its own subnets.</summary>
    public IReadOnlyList<string> AlsoProxy { get; set; } = [];

    /// <summary>CIDRs or addresses that keep the route they have.</summary>
    public IReadOnlyList<string> NeverProxy { get; set; } = [];

    /// <summary>CIDRs in which cluster subnets may override local routes.</summary>
    public IReadOnlyList<string> AllowConflictingSubnet { get; set; } = [];

    /// <summary>CIDR that virtual addresses are taken from; null: configuration or the system's default.</summary>
    public string? VirtualSubnet { get; set; }

    /// <summary>False: a conflict is an error instead of a translation. Null: configuration, which is true by default.</summary>
    public bool? AutoResolveConflicts { get; set; }
}
