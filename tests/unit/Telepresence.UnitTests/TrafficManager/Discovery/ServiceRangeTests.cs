using System.Net;
using Telepresence.TrafficManager.Discovery;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

public sealed class ServiceRangeTests
{
    [Theory]
    // Kubernetes 1.20, as it said it here; the same of IPv6.
    [InlineData(
        "Service \"t2-tst-dummy\" is invalid: spec.clusterIPs: Invalid value: []string{\"1.1.1.1\"}: failed to allocated "
            + "ip:1.1.1.1 with error:provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/16",
        "10.96.0.0/16"
    )]
    [InlineData("failed to allocate IP 1:1::1: the range of valid IPs is fd00:10:96::/112.", "fd00:10:96::/112")]
    public void It_is_read_from_the_refusal(string message, string range)
    {
        Assert.True(ServiceRange.TryParse(message, out var found));
        Assert.Equal(IPNetwork.Parse(range), found);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("services is forbidden")]
    [InlineData("The range of valid IPs is not known")]
    [InlineData("The range of valid IPs is 10.96.0.1/999")]
    public void Anything_else_tells_none(string? message) => Assert.False(ServiceRange.TryParse(message, out _));

    [Theory]
    [InlineData("10.96.3.4", "10.96.0.0/16")]
    [InlineData("fd00:10:96:1:2::5", "fd00:10:96:1::/64")]
    public void The_guess_is_around_a_service(string service, string range) =>
        Assert.Equal(IPNetwork.Parse(range), ServiceRange.Around(IPAddress.Parse(service)));
}
