using System.Net;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.UnitTests.Session.Configuration;

/// <summary>What the VPN document tells users to write, and what helm makes of its values.</summary>
public class VpnDocumentTests
{
    private static ClientConfiguration Read(string yaml)
    {
        var read = ClientConfigurationReader.Read(yaml, new ConfigurationOrigin("config.yml", "config.yml"));
        Assert.Empty(read.Warnings);
        return read;
    }

    [Theory]
    [InlineData("routing:\n  allowConflictingSubnets:\n    - 10.128.0.0/9\n")]
    [InlineData("routing:\n  allowConflictingSubnets: [10.128.0.0/9]\n")]
    [InlineData("routing:\n  allowConflictingSubnets: 10.128.0.0/9\n")]
    [InlineData("routing:\n  allowConflicting: 10.128.0.0/9\n")]
    // As helm writes the ConfigMap after --set client.routing.allowConflictingSubnets="{10.128.0.0/9}".
    [InlineData("connectionTTL: 24h\nrouting:\n  allowConflictingSubnets:\n  - 10.128.0.0/9\n")]
    // The same text arriving verbatim, with and without quotes.
    [InlineData("routing:\n  allowConflictingSubnets: \"{10.128.0.0/9}\"\n")]
    [InlineData("routing:\n  allowConflictingSubnets: {10.128.0.0/9}\n")]
    public void An_allowed_conflict(string yaml) =>
        Assert.Equal([IPNetwork.Parse("10.128.0.0/9")], Read(yaml).AllowConflicting!);

    [Theory]
    [InlineData("[10.1.0.0/16, 10.2.0.0/16]")]
    [InlineData("10.1.0.0/16,10.2.0.0/16")]
    [InlineData("'{10.1.0.0/16,10.2.0.0/16}'")]
    [InlineData("{10.1.0.0/16,10.2.0.0/16}")]
    [InlineData("\n    - 10.1.0.0/16\n    - 10.2.0.0/16\n")]
    public void Several_subnets(string value)
    {
        IPNetwork[] expected = [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("10.2.0.0/16")];
        Assert.Equal(expected, Read($"routing:\n  neverProxySubnets: {value}\n").NeverProxy!);
        Assert.Equal(expected, Read($"routing:\n  alsoProxySubnets: {value}\n").AlsoProxy!);
    }

    [Fact]
    public void An_own_virtual_subnet_and_no_automatic_resolution()
    {
        var read = Read("routing:\n  virtualSubnet: 100.10.20.0/24\n  autoResolveConflicts: false\n");
        Assert.Equal(IPNetwork.Parse("100.10.20.0/24"), read.VirtualSubnet);
        Assert.False(read.AutoResolveConflicts);
    }
}
