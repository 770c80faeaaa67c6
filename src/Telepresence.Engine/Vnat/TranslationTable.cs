using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Vnat;

/// <summary>
/// A session's addresses in both directions, one half a family. Reads take no lock; what was handed out once stays as it
/// is for the session.
/// </summary>
internal sealed class TranslationTable : IAddressTranslation
{
    private readonly FamilyTranslation?[] _families;
    private volatile IPNetwork[] _current = [];
    private int _exhausted;

    /// <summary>The first time that no virtual address was left; on any thread.</summary>
    public event Action<VirtualSubnetExhaustedException>? Exhausted;

    /// <param name="virtualSubnets">One, or one a family.</param>
    /// <param name="translated">Subnets of the cluster; those inside another are left out.</param>
    /// <exception cref="ArgumentException">A translated subnet's family has no virtual subnet, or one family has two.</exception>
    public TranslationTable(IEnumerable<VirtualSubnet> virtualSubnets, IEnumerable<IPNetwork> translated)
    {
        var byFamily = virtualSubnets.ToLookup(subnet => subnet.Network.BaseAddress.AddressFamily);
        _families = [Half(AddressFamily.InterNetwork), Half(AddressFamily.InterNetworkV6)];
        Update(translated);

        FamilyTranslation? Half(AddressFamily family) =>
            byFamily[family].SingleOrDefault() is { } subnet ? new FamilyTranslation(subnet) : null;
    }

    /// <summary>
    /// From now on these subnets are translated and no others. New ones are laid out behind what is there; earlier ones keep
    /// their place. A virtual address of a subnet that is left out goes on leading to the real one: programs may hold it.
    /// </summary>
    /// <exception cref="ArgumentException">A subnet's family has no virtual subnet.</exception>
    public void Update(IEnumerable<IPNetwork> translated)
    {
        IPNetwork[] current = [.. translated];
        foreach (var group in current.GroupBy(subnet => subnet.BaseAddress.AddressFamily))
        {
            var half =
                Of(group.Key)
                ?? throw new ArgumentException($"no virtual subnet for {group.First()}", nameof(translated));
            half.Add([.. group]);
        }
        _current = current;
    }

    /// <inheritdoc/>
    public IPAddress ToVirtual(IPAddress clusterAddress)
    {
        if (!IsTranslated(clusterAddress))
            return clusterAddress;
        try
        {
            return Of(clusterAddress.AddressFamily)?.ToVirtual(clusterAddress) ?? clusterAddress;
        }
        catch (VirtualSubnetExhaustedException e)
        {
            if (Interlocked.Exchange(ref _exhausted, 1) == 0)
                Exhausted?.Invoke(e);
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryToCluster(IPAddress address, out IPAddress clusterAddress)
    {
        if (Of(address.AddressFamily)?.ToCluster(address) is { } found)
        {
            clusterAddress = found;
            return true;
        }
        clusterAddress = address;
        return false;
    }

    /// <summary>True when the address is the cluster's and must be reached through a virtual one.</summary>
    public bool IsTranslated(IPAddress clusterAddress)
    {
        foreach (var subnet in _current)
        {
            if (subnet.Contains(clusterAddress))
                return true;
        }
        return false;
    }

    /// <summary>The pairs handed out so far, by virtual address. Of very many (65,536 a family), not all are remembered.</summary>
    public IReadOnlyList<AddressPair> Snapshot() =>
        [.. _families.OfType<FamilyTranslation>().SelectMany(half => half.Snapshot())];

    /// <summary>Every translated subnet and where it is now.</summary>
    public IReadOnlyList<SubnetMapping> SubnetMap() =>
        [
            .. _families
                .OfType<FamilyTranslation>()
                .SelectMany(half => half.Mappings)
                .Where(mapping => _current.Any(subnet => mapping.Cluster.Covers(subnet))),
        ];

    /// <summary>What must be routed into the VIF for virtual addresses to arrive: the subnets that are or were used.</summary>
    public IReadOnlyList<IPNetwork> RoutedSubnets() =>
        [
            .. _families
                .OfType<FamilyTranslation>()
                .Where(half => half.Mappings.Count > 0)
                .Select(half => half.Subnet.Network),
        ];

    private FamilyTranslation? Of(AddressFamily family) =>
        family switch
        {
            AddressFamily.InterNetwork => _families[0],
            AddressFamily.InterNetworkV6 => _families[1],
            _ => null,
        };
}
