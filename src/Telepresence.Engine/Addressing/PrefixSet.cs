using System.Net;

namespace Telepresence.Engine.Addressing;

/// <summary>A set of prefixes of both families, asked by overlap.</summary>
internal sealed class PrefixSet
{
    private readonly PrefixTrie<bool> _trie = new();

    public PrefixSet() { }

    public PrefixSet(IEnumerable<IPNetwork> networks)
    {
        foreach (var network in networks)
            Add(network);
    }

    /// <summary>False when it is there already.</summary>
    public bool Add(IPNetwork network) => _trie.TryAdd(network, true);

    /// <summary>A member covers it.</summary>
    public bool Covers(IPNetwork network) => _trie.Covering(network).MoveNext();

    /// <summary>The longest member that covers it; null: none.</summary>
    public IPNetwork? Longest(IPNetwork network) => _trie.TryMatch(network, out var entry) ? entry.Network : null;

    /// <summary>The longest member that covers it and more; null: none.</summary>
    public IPNetwork? LongestAround(IPNetwork network)
    {
        IPNetwork? longest = null;
        foreach (var entry in _trie.Covering(network))
        {
            if (entry.Network.PrefixLength < network.PrefixLength)
                longest = entry.Network;
        }
        return longest;
    }

    /// <summary>Members inside it, itself included, in address order.</summary>
    public IEnumerable<IPNetwork> Inside(IPNetwork network)
    {
        foreach (var entry in _trie.Covered(network))
            yield return entry.Network;
    }

    /// <summary>A member that shares addresses with it; null: none.</summary>
    public IPNetwork? FirstOverlap(IPNetwork network)
    {
        if (Longest(network) is { } covering)
            return covering;
        var inside = _trie.Covered(network);
        return inside.MoveNext() ? inside.Current.Network : null;
    }
}
