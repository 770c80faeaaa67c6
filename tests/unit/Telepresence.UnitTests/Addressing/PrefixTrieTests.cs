using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Addressing;

namespace Telepresence.UnitTests.Addressing;

public sealed class PrefixTrieTests
{
    // Few distinct bits, so that prefixes meet, cover and fork each other.
    private static readonly Gen<IPNetwork> IPv4 =
        from length in Gen.Choose(0, 32)
        from bits in Gen.OneOf(
            Gen.Choose(0, 7).Select(n => (uint)n << 29),
            Gen.Choose(0, int.MaxValue).Select(n => (uint)n * 2)
        )
        select Network(bits, length, AddressFamily.InterNetwork, 32);

    private static readonly Gen<IPNetwork> IPv6 =
        from length in Gen.OneOf(Gen.Choose(0, 8), Gen.Choose(60, 70), Gen.Choose(120, 128))
        from high in Gen.Choose(0, 15)
        from low in Gen.Choose(0, 7)
        select Network(
            ((UInt128)high << 124) | ((UInt128)low << 62) | (uint)low,
            length,
            AddressFamily.InterNetworkV6,
            128
        );

    private static readonly Gen<IPNetwork> Any = Gen.OneOf(IPv4, IPv6);

    [Fact]
    public void It_says_what_looking_at_every_prefix_says() =>
        Prop.ForAll(
                Any.ListOf(40).ToArbitrary(),
                Any.ToArbitrary(),
                (networks, asked) =>
                {
                    var trie = new PrefixTrie<int>();
                    var naive = new Dictionary<IPNetwork, int>();
                    for (var i = 0; i < networks.Count; i++)
                        Assert.Equal(naive.TryAdd(networks[i], i), trie.TryAdd(networks[i], i));

                    Assert.Equal(naive.Count, trie.Count);
                    var covering = naive
                        .Where(n => n.Key.Covers(asked))
                        .OrderBy(n => n.Key.PrefixLength)
                        .Select(n => n.Value)
                        .ToList();
                    Assert.Equal(covering, Values(trie.Covering(asked)));
                    Assert.Equal(covering.Count > 0, trie.TryMatch(asked, out var longest));
                    Assert.Equal(covering.LastOrDefault(), longest.Value);
                    Assert.Equal(
                        naive
                            .Where(n => asked.Covers(n.Key))
                            .OrderBy(n => AddressBits.ToBits(n.Key.BaseAddress))
                            .ThenBy(n => n.Key.PrefixLength)
                            .Select(n => n.Value),
                        Values(trie.Covered(asked))
                    );
                    Assert.Equal(naive.TryGetValue(asked, out var known), trie.TryGet(asked, out var value));
                    Assert.Equal(known, value);
                    Assert.All(naive, n => Assert.True(trie.TryGet(n.Key, out var v) && v == n.Value));
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_set_finds_an_overlap_exactly_when_there_is_one() =>
        Prop.ForAll(
                Any.ListOf(8).ToArbitrary(),
                Any.ToArbitrary(),
                (networks, asked) =>
                {
                    var found = new PrefixSet(networks).FirstOverlap(asked);
                    Assert.Equal(networks.Any(n => n.Overlaps(asked)), found is not null);
                    Assert.True(found is not { } overlap || (networks.Contains(overlap) && overlap.Overlaps(asked)));
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Looking_up_allocates_nothing()
    {
        var trie = new PrefixTrie<int>();
        for (var i = 0; i < 256; i++)
            trie.TryAdd(new IPNetwork(new IPAddress([10, (byte)i, 0, 0]), 16), i);
        var asked = IPNetwork.Parse("10.7.0.0/20");
        trie.TryMatch(asked, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var matched = trie.TryMatch(asked, out var entry);
        foreach (var inside in trie.Covered(asked))
            matched &= inside.Value >= 0;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        Assert.True(matched);
        Assert.Equal(7, entry.Value);
    }

    private static List<int> Values(PrefixTrie<int>.CoveringEnumerator entries)
    {
        var values = new List<int>();
        foreach (var entry in entries)
            values.Add(entry.Value);
        return values;
    }

    private static List<int> Values(PrefixTrie<int>.CoveredEnumerator entries)
    {
        var values = new List<int>();
        foreach (var entry in entries)
            values.Add(entry.Value);
        return values;
    }

    private static IPNetwork Network(UInt128 bits, int length, AddressFamily family, int width)
    {
        var mask = length == 0 ? UInt128.Zero : UInt128.MaxValue << (width - length);
        return new IPNetwork(AddressBits.ToAddress(bits & mask, family), length);
    }
}
