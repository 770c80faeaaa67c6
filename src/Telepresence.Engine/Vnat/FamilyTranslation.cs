using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// The translation of one address family.
/// <para>Layout, the same for the same input: after the reserved addresses, the subnets follow each other from the
/// smallest to the largest (equal ones by address), each at the next multiple of its own size. So every address keeps
/// its host part, and the virtual one can be told without asking. When a batch of subnets does not fit as a whole, its
/// addresses are handed out one by one behind the last laid-out subnet, in the order they are first asked for.</para>
/// </summary>
internal sealed class FamilyTranslation(VirtualSubnet subnet)
{
    private const int RememberedPairs = 65_536;

    private readonly Lock _gate = new();
    private readonly AddressFamily _family = subnet.Network.BaseAddress.AddressFamily;
    private readonly UInt128 _start = AddressBits.ToBits(subnet.Network.BaseAddress);
    private readonly UInt128 _lastOffset = AddressBits.LastOffset(subnet.Network);
    private readonly ConcurrentDictionary<UInt128, IPAddress> _toVirtual = new();
    private readonly ConcurrentDictionary<UInt128, IPAddress> _toCluster = new();
    private volatile Layout _layout = new([], []);
    private UInt128 _nextOffset = VirtualSubnet.ReservedCount;
    private int _remembered;

    public VirtualSubnet Subnet { get; } = subnet;

    public IReadOnlyList<SubnetMapping> Mappings => _layout.Mappings;

    public void Add(IReadOnlyList<IPNetwork> networks)
    {
        lock (_gate)
        {
            var present = _layout.Mappings;
            var added = networks
                .Distinct()
                .Where(network =>
                    !present.Any(mapping => mapping.Cluster.Covers(network))
                    && !networks.Any(outer => outer != network && outer.Covers(network))
                )
                .OrderByDescending(network => network.PrefixLength)
                .ThenBy(network => AddressBits.ToBits(network.BaseAddress))
                .ToList();
            var mappings =
                TryLayOut(added)
                ?? added.ConvertAll(network => new SubnetMapping(network, Subnet.Network, IsPrefixPreserving: false));

            // Earlier mappings come first: an address keeps the place it had when a wider subnet joins later.
            SubnetMapping[] all = [.. present, .. mappings];
            _layout = new Layout(all, Array.ConvertAll(all, mapping => new Segment(mapping)));
        }
    }

    /// <summary>Null when the address is not translated.</summary>
    /// <exception cref="VirtualSubnetExhaustedException">None is left.</exception>
    public IPAddress? ToVirtual(IPAddress cluster)
    {
        var bits = AddressBits.ToBits(cluster);
        if (_toVirtual.TryGetValue(bits, out var known))
            return known;
        foreach (var segment in _layout.Segments)
        {
            if (!segment.HasCluster(bits))
                continue;
            return segment.IsPrefixPreserving
                ? Remember(bits, segment.VirtualStart + (bits - segment.ClusterStart))
                : HandOut(bits);
        }
        return null;
    }

    /// <summary>Null when the address stands for nothing.</summary>
    public IPAddress? ToCluster(IPAddress address)
    {
        var bits = AddressBits.ToBits(address);
        if (_toCluster.TryGetValue(bits, out var known))
            return known;
        foreach (var segment in _layout.Segments)
        {
            if (segment.IsPrefixPreserving && segment.HasVirtual(bits))
                return AddressBits.ToAddress(segment.ClusterStart + (bits - segment.VirtualStart), _family);
        }
        return null;
    }

    public IEnumerable<AddressPair> Snapshot() =>
        _toCluster
            .OrderBy(pair => pair.Key)
            .Select(pair => new AddressPair(pair.Value, AddressBits.ToAddress(pair.Key, _family)));

    private List<SubnetMapping>? TryLayOut(List<IPNetwork> networks)
    {
        var cursor = _nextOffset;
        var mappings = new List<SubnetMapping>(networks.Count);
        foreach (var network in networks)
        {
            var last = AddressBits.LastOffset(network);
            if (last > _lastOffset || cursor > _lastOffset - last)
                return null;
            var offset = (cursor + last) & ~last;
            if (offset > _lastOffset - last)
                return null;
            var place = new IPNetwork(AddressBits.ToAddress(_start + offset, _family), network.PrefixLength);
            mappings.Add(new SubnetMapping(network, place, IsPrefixPreserving: true));
            cursor = offset + last + 1;
        }
        _nextOffset = cursor;
        return mappings;
    }

    private IPAddress Remember(UInt128 cluster, UInt128 virtualBits)
    {
        var address = AddressBits.ToAddress(virtualBits, _family);
        // The arithmetic needs no memory; what is kept is for people who ask which addresses were handed out.
        if (Volatile.Read(ref _remembered) >= RememberedPairs)
            return address;
        if (_toCluster.TryAdd(virtualBits, AddressBits.ToAddress(cluster, _family)))
        {
            Interlocked.Increment(ref _remembered);
            _toVirtual[cluster] = address;
        }
        return address;
    }

    private IPAddress HandOut(UInt128 cluster)
    {
        lock (_gate)
        {
            if (_toVirtual.TryGetValue(cluster, out var known))
                return known;
            // Of an IPv4 subnet the last address is the broadcast one where somebody configured the prefix on a link.
            if (_nextOffset >= _lastOffset)
                throw new VirtualSubnetExhaustedException(Subnet.Network);
            var bits = _start + _nextOffset++;
            var address = AddressBits.ToAddress(bits, _family);
            _toCluster[bits] = AddressBits.ToAddress(cluster, _family);
            _toVirtual[cluster] = address;
            return address;
        }
    }

    private sealed record Layout(SubnetMapping[] Mappings, Segment[] Segments);

    private readonly struct Segment(SubnetMapping mapping)
    {
        private readonly UInt128 _last = AddressBits.LastOffset(mapping.Cluster);

        public readonly UInt128 ClusterStart = AddressBits.ToBits(mapping.Cluster.BaseAddress);
        public readonly UInt128 VirtualStart = AddressBits.ToBits(mapping.Virtual.BaseAddress);
        public readonly bool IsPrefixPreserving = mapping.IsPrefixPreserving;

        public bool HasCluster(UInt128 bits) => unchecked(bits - ClusterStart) <= _last;

        public bool HasVirtual(UInt128 bits) => unchecked(bits - VirtualStart) <= _last;
    }
}
