using System.Numerics;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// Pairs in two arrays, and two open-addressed tables of indices into them, one for each direction: 37 bytes a pair for
/// IPv4 and 84 for IPv6 at 100,000. A look-up allocates nothing.
/// <para>A pair is written before the slot that leads to it, and a slot never changes once it is filled: so a reader
/// either does not see a pair yet or sees it whole. What grows is copied, and published when it is complete.</para>
/// </summary>
/// <typeparam name="TBits"><see cref="uint"/> for IPv4, <see cref="UInt128"/> for IPv6.</typeparam>
internal sealed class AddressPairs<TBits> : IAddressPairs
    where TBits : unmanaged, IBinaryInteger<TBits>
{
    private volatile Tables _tables = new(slots: 16);
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryGetVirtual(UInt128 cluster, out UInt128 virtualAddress)
    {
        var tables = _tables;
        var found = tables.Find(tables.ByCluster, tables.Clusters, cluster);
        virtualAddress = found < 0 ? default : UInt128.CreateTruncating(tables.Virtuals[found]);
        return found >= 0;
    }

    public bool TryGetCluster(UInt128 virtualAddress, out UInt128 cluster)
    {
        var tables = _tables;
        var found = tables.Find(tables.ByVirtual, tables.Virtuals, virtualAddress);
        cluster = found < 0 ? default : UInt128.CreateTruncating(tables.Clusters[found]);
        return found >= 0;
    }

    public void Add(UInt128 cluster, UInt128 virtualAddress)
    {
        var tables = _tables;
        if (_count == tables.Clusters.Length)
            _tables = tables = tables.Grown();
        tables.Put(_count, TBits.CreateTruncating(cluster), TBits.CreateTruncating(virtualAddress));
        Volatile.Write(ref _count, _count + 1);
    }

    public IEnumerable<(UInt128 Cluster, UInt128 Virtual)> All()
    {
        // The count first: tables that are read later hold at least as many.
        var count = Count;
        var tables = _tables;
        for (var i = 0; i < count; i++)
            yield return (UInt128.CreateTruncating(tables.Clusters[i]), UInt128.CreateTruncating(tables.Virtuals[i]));
    }

    private sealed class Tables(int slots)
    {
        // At most three quarters full: then a search ends after a few steps.
        public readonly TBits[] Clusters = new TBits[slots / 4 * 3];
        public readonly TBits[] Virtuals = new TBits[slots / 4 * 3];

        // An index plus one; zero is an empty slot.
        public readonly int[] ByCluster = new int[slots];
        public readonly int[] ByVirtual = new int[slots];

        public int Find(int[] table, TBits[] keys, UInt128 key)
        {
            var bits = TBits.CreateTruncating(key);
            for (var slot = FirstSlot(bits); ; slot = (slot + 1) & (table.Length - 1))
            {
                var index = Volatile.Read(ref table[slot]) - 1;
                if (index < 0 || keys[index] == bits)
                    return index;
            }
        }

        public void Put(int index, TBits cluster, TBits virtualAddress)
        {
            Clusters[index] = cluster;
            Virtuals[index] = virtualAddress;
            Link(ByCluster, cluster, index);
            Link(ByVirtual, virtualAddress, index);
        }

        public Tables Grown()
        {
            var grown = new Tables(ByCluster.Length * 2);
            for (var i = 0; i < Clusters.Length; i++)
                grown.Put(i, Clusters[i], Virtuals[i]);
            return grown;
        }

        private void Link(int[] table, TBits key, int index)
        {
            var slot = FirstSlot(key);
            while (table[slot] != 0)
                slot = (slot + 1) & (table.Length - 1);
            Volatile.Write(ref table[slot], index + 1);
        }

        private int FirstSlot(TBits key) =>
            (int)(AddressHash.Of(UInt128.CreateTruncating(key)) >> (64 - BitOperations.Log2((uint)ByCluster.Length)));
    }
}
