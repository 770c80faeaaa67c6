using System.Net;
using Telepresence.Engine.Vnat;

namespace Telepresence.UnitTests.Vnat;

public sealed class EnvironmentTranslationTests
{
    private static TranslationTable Table() =>
        new(
            [new VirtualSubnet(IPNetwork.Parse("246.0.0.0/10")), new VirtualSubnet(IPNetwork.Parse("fd12::/48"))],
            [IPNetwork.Parse("10.43.0.0/16"), IPNetwork.Parse("fd00:43::/64")]
        );

    [Theory]
    [InlineData("10.43.0.1", "246.1.0.1")]
    [InlineData("tcp://10.43.0.1:443/x?y=10.43.2.3", "tcp://246.1.0.1:443/x?y=246.1.2.3")]
    [InlineData("10.43.0.1,10.44.0.1;10.43.0.2:80", "246.1.0.1,10.44.0.1;246.1.0.2:80")]
    [InlineData("See 10.43.0.9.", "See 246.1.0.9.")]
    [InlineData("http://[fd00:43::7]:8080/", "http://[fd12:0:0:1::7]:8080/")]
    [InlineData("fd00:43::7", "fd12:0:0:1::7")]
    [InlineData("10.43.0.0/16", "246.1.0.0/16")]
    [InlineData("node10.43.0.1", "node10.43.0.1")]
    [InlineData("10.43.0.1.2", "10.43.0.1.2")]
    [InlineData("10.43.0.256 10.43.0.01", "10.43.0.256 10.43.0.01")]
    [InlineData("12:30:45 :: dead:beef v1.2.3.4", "12:30:45 :: dead:beef v1.2.3.4")]
    [InlineData("", "")]
    public void Address_tokens_are_replaced_and_nothing_else_in_both_directions(string value, string expected)
    {
        var table = Table();

        Assert.Equal(expected, EnvironmentTranslation.ToVirtual(value, table));
        Assert.Equal(value, EnvironmentTranslation.ToCluster(expected, table));
    }

    [Fact]
    public void A_virtual_address_that_stands_for_nothing_stays() =>
        Assert.Equal("246.63.0.9", EnvironmentTranslation.ToCluster("246.63.0.9", Table()));

    [Fact]
    public void Variables_are_taken_in_the_order_of_their_names()
    {
        // Three addresses are left: who comes too late is told by its name.
        var table = new TranslationTable(
            [new VirtualSubnet(IPNetwork.Parse("246.0.0.0/29"))],
            [IPNetwork.Parse("10.43.0.0/16")]
        );
        var environment = new Dictionary<string, string>
        {
            ["D"] = "10.43.0.4",
            ["B"] = "10.43.0.2",
            ["A"] = "10.43.0.1",
            ["C"] = "10.43.0.3",
        };

        Assert.Throws<VirtualSubnetExhaustedException>(() => EnvironmentTranslation.ToVirtual(environment, table));

        Assert.Equal(
            ["10.43.0.1", "10.43.0.2", "10.43.0.3"],
            table.Snapshot().Select(pair => pair.Cluster.ToString()).Order(StringComparer.Ordinal)
        );
    }
}
