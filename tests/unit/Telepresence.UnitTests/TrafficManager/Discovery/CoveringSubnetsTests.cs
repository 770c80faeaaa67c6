using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Telepresence.TrafficManager.Discovery;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

public sealed class CoveringSubnetsTests
{
    // Few values in the first bytes, so that many addresses share a group.
    private static readonly Arbitrary<IPAddress[]> _addresses = (
        from bytes in ArbMap.Default.GeneratorFor<byte>().ArrayOf(14)
        from isIPv4 in Gen.Elements(true, false)
        from second in Gen.Choose(0, 2)
        select new IPAddress(
            isIPv4
                ? [10, (byte)second, bytes[0], bytes[1]]
                : [0xfd, (byte)second, 0, 0, 0, 0, 0, 0, 0, (byte)(bytes[0] & 1), .. bytes[..6]]
        )
    )
        .ArrayOf()
        .ToArbitrary();

    [Fact]
    public void Every_address_is_covered_once_by_a_subnet_of_a_plausible_size() =>
        Prop.ForAll(
                _addresses,
                addresses =>
                {
                    var subnets = CoveringSubnets.Of(addresses);
                    return addresses.All(address => subnets.Count(subnet => subnet.Contains(address)) == 1)
                        && subnets.All(subnet =>
                            subnet.BaseAddress.AddressFamily == AddressFamily.InterNetwork
                                ? subnet.PrefixLength is >= 16 and <= 24
                                : subnet.PrefixLength is >= 64 and <= 120 && subnet.PrefixLength % 8 == 0
                        );
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_of_the_addresses_makes_no_difference() =>
        Prop.ForAll(
                _addresses,
                addresses =>
                    CoveringSubnets.Of(addresses).SequenceEqual(CoveringSubnets.Of(addresses.Reverse()))
                    && CoveringSubnets.Of(addresses).SequenceEqual(CoveringSubnets.Of([.. addresses, .. addresses]))
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("10.244.0.5", "10.244.0.0/24")]
    [InlineData("10.244.0.5 10.244.1.7", "10.244.0.0/23")]
    [InlineData("10.244.0.5 10.244.128.7", "10.244.0.0/16")]
    [InlineData("10.244.4.5 10.245.4.5", "10.244.4.0/24 10.245.4.0/24")]
    [InlineData("fd00::1:0:0:5 fd00::1:0:0:6", "fd00::1:0:0:0/120")]
    [InlineData("fd00::1:0:0:105 fd00::1:0:0:206", "fd00::1:0:0:0/112")]
    [InlineData("fd00::1 fd00:0:0:8000::1", "fd00::/120 fd00:0:0:8000::/120")]
    public void Subnets_are_those_that_upstream_would_find(string addresses, string subnets) =>
        Assert.Equal(
            subnets.Split(' ').Select(IPNetwork.Parse),
            CoveringSubnets.Of(addresses.Split(' ').Select(IPAddress.Parse))
        );
}
