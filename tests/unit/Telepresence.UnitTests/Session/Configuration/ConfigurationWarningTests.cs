using System.Net;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.UnitTests.Session.Configuration;

public class ConfigurationWarningTests
{
    private static ClientConfiguration Read(string yaml) =>
        ClientConfigurationReader.Read(yaml, new ConfigurationOrigin("config.yml", "/c/config.yml"));

    [Theory]
    [InlineData("routing:\n  neverProxySubnet: []\n", 2, "did you mean routing.neverProxySubnets?")]
    [InlineData("# c\nneverProxySubnets: []\n", 2, "did you mean routing.neverProxySubnets?")]
    [InlineData("Routing: {}\n", 1, "Routing is not a known key")]
    [InlineData("dns: {LookupTimeout: 3s}\n", 1, "did you mean dns.lookupTimeout?")]
    [InlineData("routing: {autoResolveConflict: false}\n", 1, "did you mean routing.autoResolveConflicts?")]
    public void An_unknown_key_warns_with_line_and_the_nearest_key(string yaml, int line, string expected)
    {
        var read = Read(yaml);
        Assert.Empty(read.Settings);
        var warning = Assert.Single(read.Warnings);
        Assert.Equal(line, warning.Line);
        Assert.StartsWith($"/c/config.yml: line {line}: ", warning.ToString(), StringComparison.Ordinal);
        Assert.Contains(expected, warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_like_no_other_warns_without_a_suggestion()
    {
        var warning = Assert.Single(Read("someoneElses: {key: value}\n").Warnings);
        Assert.Equal("someoneElses is not a known key", warning.Message);
    }

    [Fact]
    public void Known_keys_without_effect_do_not_warn()
    {
        var read = Read("logLevels: {userDaemon: debug}\ngrpc: {maxReceiveSize: 10Mi}\nconnectionTTL: 24h\n");
        Assert.Empty(read.Warnings);
        Assert.Equal("10Mi", read.Settings["grpc.maxReceiveSize"].Text);
        Assert.False(read.Settings["grpc.maxReceiveSize"].Key.IsUsed);
    }

    [Fact]
    public void An_unusable_value_of_a_key_without_effect_warns()
    {
        var warning = Assert.Single(Read("grpc: {maxReceiveSize: lots}\n").Warnings);
        Assert.Contains("grpc.maxReceiveSize 'lots' is not a quantity", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_old_and_a_new_name_warn_and_the_new_one_counts()
    {
        foreach (
            var yaml in new[]
            {
                "routing: {neverProxy: [10.0.0.0/8], neverProxySubnets: [11.0.0.0/8]}",
                "routing: {neverProxySubnets: [11.0.0.0/8], neverProxy: [10.0.0.0/8]}",
            }
        )
        {
            var read = Read(yaml);
            Assert.Equal([IPNetwork.Parse("11.0.0.0/8")], read.NeverProxy!);
            Assert.Contains(
                "routing.neverProxySubnets counts",
                Assert.Single(read.Warnings).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void The_old_place_of_the_virtual_subnet_is_understood()
    {
        var read = Read("cluster: {virtualIPSubnet: 211.55.48.0/20}");
        Assert.Equal(IPNetwork.Parse("211.55.48.0/20"), read.VirtualSubnet);
        Assert.Empty(read.Warnings);
    }
}
