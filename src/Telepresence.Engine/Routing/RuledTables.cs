using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Addressing;

namespace Telepresence.Engine.Routing;

/// <summary>Which routing tables the policy rules look up, and for which destinations.</summary>
internal sealed class RuledTables
{
    // By family and table: the destinations it is looked up for; null: for all.
    private readonly Dictionary<(AddressFamily, uint), List<IPNetwork>?>? _tables;

    /// <param name="rules">Null: the system has none.</param>
    public RuledTables(IReadOnlyList<SystemRule>? rules)
    {
        // Table 0 is whichever belongs to the packet's interface (l3mdev, a VRF): any may be meant.
        if (rules is null || rules.Any(r => r is { Action: RuleAction.Lookup, Table: 0 }))
            return;
        _tables = [];
        foreach (var rule in rules.Where(r => r.Action == RuleAction.Lookup))
        {
            var key = (rule.Family, rule.Table);
            if (rule.To is not { } to || rule.IsInverted)
                _tables[key] = null;
            else if (!_tables.TryGetValue(key, out var destinations))
                _tables[key] = [to];
            else
                destinations?.Add(to);
        }
    }

    /// <summary>Some packet to the subnet may be routed by that route.</summary>
    public bool Decides(SystemRoute route, IPNetwork subnet)
    {
        if (_tables is null)
            return true;
        return _tables.TryGetValue((route.Destination.BaseAddress.AddressFamily, route.Table), out var destinations)
            // Prefixes that overlap in pairs have addresses in common, all three.
            && (destinations is null || destinations.Exists(d => d.Overlaps(route.Destination) && d.Overlaps(subnet)));
    }
}
