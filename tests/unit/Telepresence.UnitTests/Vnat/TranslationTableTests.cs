using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Vnat;

namespace Telepresence.UnitTests.Vnat;

public sealed class TranslationTableTests
{
    private static readonly VirtualSubnet V4 = new(IPNetwork.Parse("246.0.0.0/10"));
    private static readonly VirtualSubnet V6 = new(IPNetwork.Parse("fd12:3456:789a::/48"));

    private static TranslationTable Table(params string[] translated) =>
        new([V4, V6], translated.Select(IPNetwork.Parse));

    [Theory]
    [InlineData("10.43.0.10", "246.2.0.10")]
    [InlineData("10.42.7.255", "246.1.7.255")]
    [InlineData("10.96.3.4", "246.0.1.4")]
    [InlineData("10.44.0.1", "10.44.0.1")]
    [InlineData("fd00:42::5", "fd12:3456:789a:1::5")]
    [InlineData("fd00:43::5", "fd00:43::5")]
    public void Subnets_that_fit_keep_their_host_part(string cluster, string expected)
    {
        var table = Table("10.43.0.0/16", "10.42.0.0/16", "10.96.3.0/24", "10.42.3.0/24", "fd00:42::/64");

        Assert.Equal(expected, table.ToVirtual(IPAddress.Parse(cluster)).ToString());
    }

    [Fact]
    public void The_layout_does_not_depend_on_the_order_of_the_subnets()
    {
        string[] subnets = ["10.96.0.0/12", "10.42.0.0/16", "192.168.5.0/24", "10.43.0.0/16", "172.20.1.4/32"];
        var expected = Table(subnets).SubnetMap();

        Prop.ForAll(Gen.Shuffle(subnets).ToArbitrary(), shuffled => Table(shuffled).SubnetMap().SequenceEqual(expected))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Translation_is_a_bijection_that_round_trips_and_preserves_the_prefix()
    {
        var gen =
            from lengths in Gen.Choose(11, 30).NonEmptyListOf()
            from seeds in Gen.Choose(int.MinValue, int.MaxValue).ListOf(lengths.Count)
            from hosts in Gen.Choose(0, int.MaxValue).ListOf(20)
            select (
                Subnets: lengths.Zip(seeds, (length, seed) => Network((uint)seed, length)).ToArray(),
                Hosts: hosts.ToArray()
            );

        Prop.ForAll(
                gen.ToArbitrary(),
                input =>
                {
                    var table = new TranslationTable([V4], input.Subnets);
                    var seen = new Dictionary<IPAddress, IPAddress>();
                    foreach (var (subnet, host) in input.Subnets.SelectMany(_ => input.Hosts, (s, h) => (s, h)))
                    {
                        var real = HostOf(subnet, (uint)host);
                        IPAddress given;
                        try
                        {
                            given = table.ToVirtual(real);
                        }
                        catch (VirtualSubnetExhaustedException)
                        {
                            continue;
                        }
                        Assert.True(V4.Network.Contains(given));
                        Assert.NotEqual(V4.Network.BaseAddress, given);
                        Assert.Equal(given, table.ToVirtual(real));
                        Assert.True(table.TryToCluster(given, out var back));
                        Assert.Equal(real, back);
                        if (!seen.TryAdd(given, real))
                            Assert.Equal(real, seen[given]);
                        var mapping = table.SubnetMap().First(m => m.Cluster.Contains(real));
                        if (mapping.IsPrefixPreserving)
                        {
                            Assert.Equal(
                                AddressBits.ToBits(real) - AddressBits.ToBits(mapping.Cluster.BaseAddress),
                                AddressBits.ToBits(given) - AddressBits.ToBits(mapping.Virtual.BaseAddress)
                            );
                        }
                    }
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_24_for_a_16_hands_out_every_address_once_and_then_says_so()
    {
        var subnet = new VirtualSubnet(IPNetwork.Parse("246.246.7.0/24"));
        var table = new TranslationTable([subnet], [IPNetwork.Parse("10.42.0.0/16")]);
        var given = new HashSet<IPAddress>();

        for (var host = 0; host < 251; host++)
            Assert.True(given.Add(table.ToVirtual(new IPAddress([10, 42, (byte)(host % 7), (byte)host]))));

        var error = Assert.Throws<VirtualSubnetExhaustedException>(() =>
            table.ToVirtual(IPAddress.Parse("10.42.200.1"))
        );
        Assert.Equal(subnet.Network, error.Subnet);
        Assert.Contains(table.ToVirtual(IPAddress.Parse("10.42.0.0")), given);
        Assert.Equal("10.43.0.1", table.ToVirtual(IPAddress.Parse("10.43.0.1")).ToString());
        Assert.Equal(251, table.Snapshot().Count);
        Assert.DoesNotContain(IPAddress.Parse("246.246.7.0"), given);
        Assert.DoesNotContain(IPAddress.Parse("246.246.7.255"), given);
    }

    [Theory]
    [InlineData("246.0.0.0/10", true)]
    [InlineData("246.246.0.0/16", false)]
    [InlineData("246.246.7.0/24", false)]
    [InlineData("246.0.0.0/14", true)]
    [InlineData("246.0.0.0/15", false)]
    public void Services_and_pods_keep_their_host_part_exactly_when_both_fit(string subnet, bool fits)
    {
        var virtualSubnet = IPNetwork.Parse(subnet);
        var table = new TranslationTable(
            [new VirtualSubnet(virtualSubnet)],
            [IPNetwork.Parse("10.43.0.0/16"), IPNetwork.Parse("10.42.0.0/16")]
        );

        Assert.All(table.SubnetMap(), mapping => Assert.Equal(fits, mapping.IsPrefixPreserving));
        string[] reals = ["10.43.0.1", "10.42.0.1", "10.43.255.254", "10.42.3.7"];
        foreach (var real in reals.Select(IPAddress.Parse))
        {
            var given = table.ToVirtual(real);
            Assert.True(virtualSubnet.Contains(given));
            Assert.True(table.TryToCluster(given, out var back));
            Assert.Equal(real, back);
            Assert.True(!fits || (AddressBits.ToBits(given) & 0xffff) == (AddressBits.ToBits(real) & 0xffff));
        }
        Assert.Equal(4, table.Snapshot().Select(pair => pair.Virtual).Distinct().Count());
    }

    [Fact]
    public void The_next_session_hands_out_the_same_addresses_whatever_is_asked_first()
    {
        VirtualSubnet subnet = new(IPNetwork.Parse("246.16.0.0/12"));
        IPAddress[] reals = [.. Enumerable.Range(0, 200).Select(i => new IPAddress([10, (byte)i, 3, 1]))];
        TranslationTable Session() => new([subnet], [IPNetwork.Parse("10.0.0.0/8")]);
        var (one, next) = (Session(), Session());

        var before = Array.ConvertAll(reals, one.ToVirtual);
        Array.Reverse(reals);
        var after = Array.ConvertAll(reals, next.ToVirtual);

        Assert.Equal(before, after.Reverse());
    }

    [Fact]
    public void Addresses_handed_out_keep_their_place_when_the_plan_is_made_anew()
    {
        var table = new TranslationTable(
            [new VirtualSubnet(IPNetwork.Parse("246.246.0.0/16"))],
            [IPNetwork.Parse("10.42.0.0/16"), IPNetwork.Parse("10.43.0.0/16")]
        );
        IPAddress[] reals = [.. Enumerable.Range(0, 500).Select(i => new IPAddress([10, 42, (byte)(i >> 8), (byte)i]))];
        var before = Array.ConvertAll(reals, table.ToVirtual);

        string[] grown = ["10.42.0.0/16", "10.43.0.0/16", "10.96.5.0/24", "10.0.0.0/9"];
        table.Update(grown.Select(IPNetwork.Parse));
        var joined = table.ToVirtual(IPAddress.Parse("10.96.5.1"));

        Assert.Equal(before, Array.ConvertAll(reals, table.ToVirtual));
        Assert.DoesNotContain(joined, before);
    }

    [Fact]
    public async Task Readers_that_take_no_lock_see_every_pair_whole_or_not_at_all()
    {
        var pairs = new AddressPairs<UInt128>();
        const uint Count = 200_000;
        static UInt128 Virtual(uint i) => new(~(ulong)i, i);
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() =>
        {
            var seen = 0u;
            while (!stop.IsCancellationRequested)
            {
                var i = (uint)pairs.Count;
                if (i == 0)
                    continue;
                Assert.True(pairs.TryGetVirtual(i, out var given));
                Assert.Equal(Virtual(i), given);
                Assert.True(pairs.TryGetCluster(given, out var cluster));
                Assert.Equal(i, cluster);
                Assert.False(pairs.TryGetVirtual(Count + 1, out _));
                seen = i;
            }
            return seen;
        });

        for (var i = 1u; i <= Count; i++)
            pairs.Add(i, Virtual(i));
        await stop.CancelAsync();

        Assert.InRange(await reading, 0u, Count);
        Assert.Equal((int)Count, pairs.All().Count());
    }

    [Fact]
    public async Task Concurrent_callers_get_one_address_each()
    {
        var subnet = new VirtualSubnet(IPNetwork.Parse("246.246.0.0/20"));
        var table = new TranslationTable([subnet], [IPNetwork.Parse("10.0.0.0/8")]);
        var reals = Enumerable.Range(1, 2000).Select(i => new IPAddress([10, 1, (byte)(i >> 8), (byte)i])).ToArray();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => Array.ConvertAll(reals, table.ToVirtual)))
        );

        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.Equal(reals.Length, answers[0].Distinct().Count());
        Assert.Equal(reals.Length, table.Snapshot().Count);
    }

    [Fact]
    public void Subnets_that_join_later_leave_the_others_where_they_are()
    {
        var table = Table("10.42.0.0/16");
        var before = table.ToVirtual(IPAddress.Parse("10.42.1.1"));

        table.Update([
            IPNetwork.Parse("10.42.0.0/16"),
            IPNetwork.Parse("10.41.0.0/16"),
            IPNetwork.Parse("10.42.5.0/24"),
        ]);

        Assert.Equal(before, table.ToVirtual(IPAddress.Parse("10.42.1.1")));
        Assert.Equal("246.2.1.1", table.ToVirtual(IPAddress.Parse("10.41.1.1")).ToString());
        Assert.Equal(2, table.SubnetMap().Count);
    }

    [Fact]
    public void A_subnet_that_is_translated_no_longer_keeps_the_virtual_addresses_it_gave()
    {
        var real = IPAddress.Parse("10.42.1.1");
        var table = Table("10.42.0.0/16");
        var given = table.ToVirtual(real);

        table.Update([]);

        Assert.Equal(real, table.ToVirtual(real));
        Assert.False(table.IsTranslated(real));
        Assert.Empty(table.SubnetMap());
        Assert.True(table.TryToCluster(given, out var behind));
        Assert.Equal(real, behind);
        Assert.NotEmpty(table.RoutedSubnets());

        table.Update([IPNetwork.Parse("10.42.0.0/16")]);
        Assert.Equal(given, table.ToVirtual(real));
    }

    [Fact]
    public void An_address_that_stands_for_nothing_is_not_the_clusters()
    {
        var table = Table("10.42.0.0/16");

        Assert.False(table.TryToCluster(IPAddress.Parse("246.0.0.2"), out _));
        Assert.False(table.TryToCluster(IPAddress.Parse("246.2.0.1"), out _));
        Assert.False(table.TryToCluster(IPAddress.Parse("10.42.0.1"), out _));
        Assert.True(table.TryToCluster(IPAddress.Parse("246.1.0.9"), out var real));
        Assert.Equal("10.42.0.9", real.ToString());
    }

    private static IPNetwork Network(uint seed, int length) =>
        new(
            AddressBits.ToAddress(
                seed & (uint.MaxValue << (32 - length)),
                System.Net.Sockets.AddressFamily.InterNetwork
            ),
            length
        );

    private static IPAddress HostOf(IPNetwork network, uint host) =>
        AddressBits.ToAddress(
            AddressBits.ToBits(network.BaseAddress) + (host & (uint)AddressBits.LastOffset(network)),
            System.Net.Sockets.AddressFamily.InterNetwork
        );
}
