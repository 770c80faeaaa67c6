using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Addressing;

/// <summary>
/// Values by prefix, of both families: a binary trie whose nodes stand where prefixes are or fork (path-compressed), so
/// that every question takes at most as many steps as the prefix has bits, and in practice a dozen. Nodes live in one
/// array; looking up and enumerating allocates nothing. Not for concurrent use while it is being filled.
/// </summary>
internal sealed class PrefixTrie<TValue>
{
    private const int None = 0;

    private Node[] _nodes = new Node[16];
    private int _used = 1;
    private int _rootIPv4;
    private int _rootIPv6;

    /// <summary>A prefix and its value.</summary>
    public readonly record struct Entry(IPNetwork Network, TValue Value);

    public int Count { get; private set; }

    /// <summary>False when the prefix has a value already, which stays.</summary>
    public bool TryAdd(IPNetwork network, TValue value)
    {
        // A prefix needs two nodes at most; with room for them, references into the array hold.
        if (_used + 2 > _nodes.Length)
            Array.Resize(ref _nodes, _nodes.Length * 2);

        var bits = Bits(network);
        var length = network.PrefixLength;
        var parent = None;
        ref var link = ref Root(network);
        while (link != None)
        {
            ref var node = ref _nodes[link];
            var common = CommonLength(node.Bits, bits, Math.Min(node.Length, length));
            if (common < node.Length)
            {
                Fork(ref link, parent, common, bits, length, new Entry(network, value));
                Count++;
                return true;
            }
            if (node.Length == length)
            {
                if (node.HasEntry)
                    return false;
                node.HasEntry = true;
                node.Entry = new Entry(network, value);
                Count++;
                return true;
            }
            parent = link;
            link = ref node.Child(bits);
        }
        link = NewNode(parent, bits, length, new Entry(network, value));
        Count++;
        return true;
    }

    public bool TryGet(IPNetwork network, [MaybeNullWhen(false)] out TValue value)
    {
        if (TryMatch(network, out var entry) && entry.Network.PrefixLength == network.PrefixLength)
        {
            value = entry.Value;
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>The longest prefix that covers the given one, itself included.</summary>
    public bool TryMatch(IPNetwork network, out Entry longest)
    {
        longest = default;
        var found = false;
        foreach (var entry in Covering(network))
        {
            longest = entry;
            found = true;
        }
        return found;
    }

    /// <summary>Prefixes that cover the given one, itself included, the shortest first.</summary>
    public CoveringEnumerator Covering(IPNetwork network) => new(this, network);

    /// <summary>Prefixes inside the given one, itself included, in address order, outer before inner.</summary>
    public CoveredEnumerator Covered(IPNetwork network) => new(this, network);

    private ref int Root(IPNetwork network) =>
        ref network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? ref _rootIPv4 : ref _rootIPv6;

    /// <summary>Puts a node of <paramref name="common"/> bits above the one at a link, and the new prefix into or below it.</summary>
    private void Fork(ref int link, int parent, int common, UInt128 bits, int length, Entry entry)
    {
        var below = link;
        var above = NewNode(parent, bits & Mask(common), common, entry);
        ref var fork = ref _nodes[above];
        if (common < length)
        {
            fork.HasEntry = false;
            fork.Entry = default;
            fork.Child(bits) = NewNode(above, bits, length, entry);
        }
        fork.Child(_nodes[below].Bits) = below;
        _nodes[below].Parent = above;
        link = above;
    }

    private int NewNode(int parent, UInt128 bits, int length, Entry entry)
    {
        _nodes[_used] = new Node
        {
            Bits = bits,
            Length = (byte)length,
            Parent = parent,
            HasEntry = true,
            Entry = entry,
        };
        return _used++;
    }

    /// <summary>The address at the high end, whatever the family: so one arithmetic serves both.</summary>
    private static UInt128 Bits(IPNetwork network) =>
        AddressBits.ToBits(network.BaseAddress) << (128 - network.AddressBits());

    private static UInt128 Mask(int length) => length == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - length);

    private static int CommonLength(UInt128 one, UInt128 other, int atMost) =>
        Math.Min(atMost, (int)UInt128.LeadingZeroCount(one ^ other));

    private struct Node
    {
        public UInt128 Bits;
        public int Low;
        public int High;
        public int Parent;
        public byte Length;
        public bool HasEntry;
        public Entry Entry;

        /// <summary>Where longer prefixes go on: by the first bit behind this node's.</summary>
        [UnscopedRef]
        public ref int Child(UInt128 bits) => ref ((bits >> (127 - Length)) & 1) == 0 ? ref Low : ref High;
    }

    /// <summary>Walks from the root towards a prefix.</summary>
    public struct CoveringEnumerator
    {
        private readonly PrefixTrie<TValue> _trie;
        private readonly UInt128 _bits;
        private readonly int _length;
        private int _next;

        internal CoveringEnumerator(PrefixTrie<TValue> trie, IPNetwork network)
        {
            _trie = trie;
            _bits = Bits(network);
            _length = network.PrefixLength;
            _next = trie.Root(network);
        }

        public Entry Current { get; private set; }

        public readonly CoveringEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            while (_next != None)
            {
                ref var node = ref _trie._nodes[_next];
                if (node.Length > _length || CommonLength(node.Bits, _bits, node.Length) < node.Length)
                {
                    _next = None;
                    return false;
                }
                _next = node.Length == _length ? None : node.Child(_bits);
                if (node.HasEntry)
                {
                    Current = node.Entry;
                    return true;
                }
            }
            return false;
        }
    }

    /// <summary>Walks the part of the trie below a prefix.</summary>
    public struct CoveredEnumerator
    {
        private readonly PrefixTrie<TValue> _trie;
        private readonly int _top;
        private int _next;

        internal CoveredEnumerator(PrefixTrie<TValue> trie, IPNetwork network)
        {
            _trie = trie;
            var bits = Bits(network);
            var length = network.PrefixLength;
            var top = trie.Root(network);
            while (top != None && trie._nodes[top].Length < length)
                top = trie._nodes[top].Child(bits);
            // Path compression skips bits: what stands there need not begin with the prefix.
            _top = top != None && CommonLength(trie._nodes[top].Bits, bits, length) == length ? top : None;
            _next = _top;
        }

        public Entry Current { get; private set; }

        public readonly CoveredEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            while (_next != None)
            {
                ref var node = ref _trie._nodes[_next];
                _next = Following(_next);
                if (node.HasEntry)
                {
                    Current = node.Entry;
                    return true;
                }
            }
            return false;
        }

        private readonly int Following(int index)
        {
            var nodes = _trie._nodes;
            if (nodes[index].Low != None)
                return nodes[index].Low;
            if (nodes[index].High != None)
                return nodes[index].High;
            while (index != _top)
            {
                var parent = nodes[index].Parent;
                if (nodes[parent].Low == index && nodes[parent].High != None)
                    return nodes[parent].High;
                index = parent;
            }
            return None;
        }
    }
}
