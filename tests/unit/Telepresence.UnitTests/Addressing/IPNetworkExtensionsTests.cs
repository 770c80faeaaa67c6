using System.Net;
using Telepresence.Engine.Addressing;

namespace Telepresence.UnitTests.Addressing;

public class IPNetworkExtensionsTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", true, true)]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", false, true)]
    [InlineData("10.0.0.0/8", "10.0.0.0/8", true, true)]
    [InlineData("10.0.0.0/9", "10.128.0.0/9", false, false)]
    [InlineData("0.0.0.0/0", "::/0", false, false)]
    [InlineData("fd00::/8", "fd12::/16", true, true)]
    public void Covers_and_overlaps(string one, string other, bool covers, bool overlaps)
    {
        Assert.Equal(covers, IPNetwork.Parse(one).Covers(IPNetwork.Parse(other)));
        Assert.Equal(overlaps, IPNetwork.Parse(one).Overlaps(IPNetwork.Parse(other)));
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.64.0.0/10", "10.0.0.0/10 10.128.0.0/9")]
    [InlineData("10.0.0.0/30", "10.0.0.1/32", "10.0.0.0/32 10.0.0.2/31")]
    [InlineData("10.0.0.0/8", "11.0.0.0/8", "10.0.0.0/8")]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", "")]
    [InlineData("fd00::/126", "fd00::3/128", "fd00::/127 fd00::2/128")]
    public void Except_leaves_the_fewest_subnets(string from, string removed, string left) =>
        Assert.Equal(left, string.Join(' ', IPNetwork.Parse(from).Except(IPNetwork.Parse(removed))));
}
