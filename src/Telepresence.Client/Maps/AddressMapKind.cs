namespace Telepresence.Client.Maps;

/// <summary>What a range of addresses is to this machine.</summary>
public enum AddressMapKind
{
    /// <summary>A route of the machine itself.</summary>
    Local,

    /// <summary>A route of a VPN or another network product.</summary>
    Vpn,

    /// <summary>A subnet of the cluster that is reached with its real addresses.</summary>
    Cluster,

    /// <summary>A subnet of the cluster whose addresses were moved elsewhere; what lies here is not the cluster's.</summary>
    Moved,

    /// <summary>Virtual addresses.</summary>
    Virtual,

    /// <summary>Keeps the route it had, although it lies in something that is routed.</summary>
    NeverProxied,
}
