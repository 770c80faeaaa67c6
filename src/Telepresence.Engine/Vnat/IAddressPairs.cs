namespace Telepresence.Engine.Vnat;

/// <summary>
/// Pairs of a cluster's address and the virtual one that stands for it, found by either. Any number of readers, without
/// a lock; one writer at a time. Nothing is ever removed.
/// </summary>
internal interface IAddressPairs
{
    int Count { get; }

    bool TryGetVirtual(UInt128 cluster, out UInt128 virtualAddress);

    bool TryGetCluster(UInt128 virtualAddress, out UInt128 cluster);

    /// <summary>Neither of the two may be there yet.</summary>
    void Add(UInt128 cluster, UInt128 virtualAddress);

    /// <summary>All of this moment, in the order in which they were added.</summary>
    IEnumerable<(UInt128 Cluster, UInt128 Virtual)> All();
}
