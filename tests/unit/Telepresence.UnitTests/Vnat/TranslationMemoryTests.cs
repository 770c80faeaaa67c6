using System.Net;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Vnat;

namespace Telepresence.UnitTests.Vnat;

/// <summary>What the process holds is measured, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(TranslationMemoryTests), DisableParallelization = true)]
[Collection(nameof(TranslationMemoryTests))]
public sealed class TranslationMemoryTests
{
    [Theory]
    [InlineData("246.0.0.0/12", "10.0.0.0/8", 40)]
    [InlineData("fd12::/64", "fd00::/48", 90)]
    public void A_hundred_thousand_addresses_take_less_than_100_bytes_each_and_none_to_find(
        string virtualSubnet,
        string translated,
        int bytesEach
    )
    {
        const int Count = 100_000;
        var cluster = IPNetwork.Parse(translated);
        var first = AddressBits.ToBits(cluster.BaseAddress);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var table = new FamilyTranslation(new VirtualSubnet(IPNetwork.Parse(virtualSubnet)));
        table.Add([cluster]);
        for (var i = 0u; i < Count; i++)
            Assert.True(table.TryToVirtual(first + (i * 3), out _));
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(bytes, 1, Count * bytesEach);

        var right = 0;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0u; i < Count; i++)
        {
            table.TryToVirtual(first + (i * 3), out var given);
            if (table.TryToCluster(given, out var back) && back == first + (i * 3))
                right++;
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.Equal(Count, right);
        Assert.Equal(Count, table.Snapshot().DistinctBy(pair => pair.Virtual).Count());
    }
}
