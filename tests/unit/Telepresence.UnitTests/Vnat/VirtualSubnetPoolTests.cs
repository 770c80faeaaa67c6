using System.Net;
using Telepresence.Client.Errors;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Vnat;

namespace Telepresence.UnitTests.Vnat;

public sealed class VirtualSubnetPoolTests
{
    private static PrefixSet Networks(params string[] networks) => new(networks.Select(IPNetwork.Parse));

    [Theory]
    [InlineData("246.0.0.0/10")]
    [InlineData("246.64.0.0/10", "246.0.0.0/10")]
    [InlineData("246.192.0.0/10", "246.0.0.0/10", "246.64.5.0/24", "246.128.0.0/10", "10.0.0.0/8")]
    [InlineData("246.0.0.0/11", "246.32.0.0/11", "246.64.0.0/10", "246.128.0.0/9")]
    public void A_session_takes_the_first_free_block(string expected, params string[] taken)
    {
        var chosen = VirtualSubnetPool.ClassE.ChooseIPv4(Networks(), Networks(taken));

        Assert.Equal(expected, chosen.Network.ToString());
    }

    [Fact]
    public void Windows_sessions_share_one_20()
    {
        var first = VirtualSubnetPool.Windows.ChooseIPv4(Networks(), Networks());
        var second = VirtualSubnetPool.Windows.ChooseIPv4(Networks("211.55.48.0/21"), Networks());

        Assert.Equal("211.55.48.0/20", first.Network.ToString());
        Assert.Equal("211.55.56.0/21", second.Network.ToString());
    }

    [Fact]
    public void A_full_pool_is_a_typed_error()
    {
        var error = Assert.Throws<TelepresenceException>(() =>
            VirtualSubnetPool.ClassE.ChooseIPv4(Networks(), Networks("240.0.0.0/4"))
        );

        Assert.Equal(nameof(ErrorId.VirtualSubnetExhausted), error.Id);
    }

    [Fact]
    public void IPv6_is_a_unique_local_48_that_is_free()
    {
        var first = VirtualSubnetPool.ChooseIPv6(Networks(), Networks(), "machine\nsession").Network;
        var second = VirtualSubnetPool.ChooseIPv6(new PrefixSet([first]), Networks(), "machine\nsession").Network;

        Assert.Equal(48, first.PrefixLength);
        Assert.True(IPNetwork.Parse("fd00::/8").Contains(first.BaseAddress));
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void The_same_session_of_the_same_machine_has_the_same_IPv6_prefix_and_no_other_has()
    {
        // printf 'machine\nsession\n0' | sha256sum: 8916d9aa5e…
        Assert.Equal("fd89:16d9:aa5e::/48", Chosen("machine\nsession"));
        Assert.NotEqual(Chosen("machine\nsession"), Chosen("machine\nother"));

        static string Chosen(string identity) =>
            VirtualSubnetPool.ChooseIPv6(Networks(), Networks(), identity).Network.ToString();
    }

    [Theory]
    [InlineData("246.246.0.0/16", nameof(ErrorId.VirtualSubnetInUse))]
    [InlineData("10.1.0.0/16", nameof(ErrorId.VirtualSubnetOverlaps))]
    [InlineData("198.18.0.0/30", nameof(ErrorId.VirtualSubnetTooSmall))]
    [InlineData("fd00:7::/126", nameof(ErrorId.VirtualSubnetTooSmall))]
    public void An_explicit_one_is_checked(string subnet, string errorId)
    {
        var error = Assert.Throws<TelepresenceException>(() =>
            VirtualSubnetPool.Explicit(
                IPNetwork.Parse(subnet),
                [("other", IPNetwork.Parse("246.192.0.0/10"))],
                Networks("10.0.0.0/8")
            )
        );

        Assert.Equal(errorId, error.Id);
        Assert.Contains(subnet, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.RecommendedAction);
    }

    [Fact]
    public void Its_first_addresses_are_the_sessions_own()
    {
        var subnet = VirtualSubnetPool.Explicit(IPNetwork.Parse("198.18.4.0/24"), [], Networks("10.0.0.0/8"));

        Assert.Equal("198.18.4.1", subnet.InterfaceAddress.ToString());
        Assert.Equal("198.18.4.2", subnet.DnsAddress.ToString());
    }
}
