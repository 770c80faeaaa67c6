using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// The translation of one address family.
/// <para>Layout, the same for the same input: after the reserved addresses, the subnets follow each other from the
/// smallest to the largest (equal ones by address), each at the next multiple of its own size. So every address keeps
/// its host part, and the virtual one can be told without asking. When a batch of subnets does not fit as a whole, its
/// addresses and those of all later ones are handed out one by one behind the last laid-out subnet: each at the place that
/// its bits name, or at the next free one. So a later session mostly hands out the same ones, whatever is asked first.</para>
/// </summary>
internal sealed class FamilyTranslation(VirtualSubnet subnet)
{
    private const int RememberedPairs = 65_536;

    private readonly Lock _gate = new();
    private readonly AddressFamily _family = subnet.Network.BaseAddress.AddressFamily;
    private readonly UInt128 _start = AddressBits.ToBits(subnet.Network.BaseAddress);
    private readonly UInt128 _lastOffset = AddressBits.LastOffset(subnet.Network);
    private readonly IAddressPairs _pairs =
        subnet.Network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
            ? new AddressPairs<uint>()
            : new AddressPairs<UInt128>();
    private volatile Layout _layout = new([], []);

    // Behind what is laid out; what is handed out one by one begins here, and nothing is laid out any more then.
    private UInt128 _nextOffset = VirtualSubnet.ReservedCount;
    private bool _handsOut;
    private UInt128 _handedOut;

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
            var mappings = TryLayOut(added);
            if (mappings is null)
            {
                _handsOut = true;
                mappings = added.ConvertAll(network => new SubnetMapping(
                    network,
                    Subnet.Network,
                    IsPrefixPreserving: false
                ));
            }

            // Earlier mappings come first: an address keeps the place it had when a wider subnet joins later.
            SubnetMapping[] all = [.. present, .. mappings];
            _layout = new Layout(all, Array.ConvertAll(all, mapping => new Segment(mapping)));
        }
    }

    /// <summary>Null when the address is not translated.</summary>
    /// <exception cref="VirtualSubnetExhaustedException">None is left.</exception>
    public IPAddress? ToVirtual(IPAddress cluster) =>
        TryToVirtual(AddressBits.ToBits(cluster), out var bits) ? AddressBits.ToAddress(bits, _family) : null;

    /// <summary>Null when the address stands for nothing.</summary>
    public IPAddress? ToCluster(IPAddress address) =>
        TryToCluster(AddressBits.ToBits(address), out var bits) ? AddressBits.ToAddress(bits, _family) : null;

    /// <summary>False when the address is not translated. Allocates nothing for an address that is known.</summary>
    /// <exception cref="VirtualSubnetExhaustedException">None is left.</exception>
    public bool TryToVirtual(UInt128 cluster, out UInt128 virtualAddress)
    {
        if (_pairs.TryGetVirtual(cluster, out virtualAddress))
            return true;
        foreach (var segment in _layout.Segments)
        {
            if (!segment.HasCluster(cluster))
                continue;
            virtualAddress = segment.IsPrefixPreserving
                ? Remember(cluster, segment.VirtualStart + (cluster - segment.ClusterStart))
                : HandOut(cluster);
            return true;
        }
        return false;
    }

    /// <summary>False when the address stands for nothing. Allocates nothing.</summary>
    public bool TryToCluster(UInt128 virtualAddress, out UInt128 cluster)
    {
        if (_pairs.TryGetCluster(virtualAddress, out cluster))
            return true;
        foreach (var segment in _layout.Segments)
        {
            if (segment.IsPrefixPreserving && segment.HasVirtual(virtualAddress))
            {
                cluster = segment.ClusterStart + (virtualAddress - segment.VirtualStart);
                return true;
            }
        }
        return false;
    }

    public IEnumerable<AddressPair> Snapshot() =>
        _pairs
            .All()
            .OrderBy(pair => pair.Virtual)
            .Select(pair => new AddressPair(
                AddressBits.ToAddress(pair.Cluster, _family),
                AddressBits.ToAddress(pair.Virtual, _family)
            ));

    private List<SubnetMapping>? TryLayOut(List<IPNetwork> networks)
    {
        if (_handsOut)
            return null;
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

    // The arithmetic needs no memory; what is kept is for people who ask which addresses were handed out.
    private UInt128 Remember(UInt128 cluster, UInt128 virtualAddress)
    {
        if (_pairs.Count >= RememberedPairs)
            return virtualAddress;
        lock (_gate)
        {
            if (!_pairs.TryGetVirtual(cluster, out _))
                _pairs.Add(cluster, virtualAddress);
        }
        return virtualAddress;
    }

    private UInt128 HandOut(UInt128 cluster)
    {
        lock (_gate)
        {
            if (_pairs.TryGetVirtual(cluster, out var known))
                return known;
            // Of an IPv4 subnet the last address is the broadcast one where somebody configured the prefix on a link.
            var size = _nextOffset < _lastOffset ? _lastOffset - _nextOffset : 0;
            if (_handedOut >= size)
                throw new VirtualSubnetExhaustedException(Subnet.Network);
            var place = AddressHash.Of(cluster) % size;
            while (_pairs.TryGetCluster(_start + _nextOffset + place, out _))
                place = place + 1 == size ? 0 : place + 1;
            _handedOut++;
            var virtualAddress = _start + _nextOffset + place;
            _pairs.Add(cluster, virtualAddress);
            return virtualAddress;
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
