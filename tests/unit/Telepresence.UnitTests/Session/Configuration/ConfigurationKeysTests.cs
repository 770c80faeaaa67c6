using Telepresence.Engine.Dns;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.UnitTests.Session.Configuration;

public class ConfigurationKeysTests
{
    [Fact]
    public void Every_default_is_a_value_of_its_type_and_written_as_values_are()
    {
        Assert.All(
            ConfigurationKeys.All.Where(k => k.Default.Length > 0),
            key =>
                Assert.Equal(
                    key.Default,
                    ConfigurationValues.ToText(ConfigurationValues.Read(key, Scalar(key.Default)))
                )
        );
    }

    [Fact]
    public void The_defaults_are_those_that_the_engine_has_built_in()
    {
        var manager = new ManagerConnectionOptions
        {
            Name = "",
            InstallId = "",
            Namespace = "",
            ManagerNamespace = "",
        };
        Assert.Equal(ConfigurationKeys.TrafficManagerApi.Default, GoDuration.ToText(manager.ApiTimeout));
        Assert.Equal(ConfigurationKeys.DnsLookup.Default, GoDuration.ToText(manager.LookupTimeout));
        Assert.Equal(ConfigurationKeys.EndpointDial.Default, GoDuration.ToText(manager.Tunnels.DialTimeout));
        Assert.Equal(ConfigurationKeys.RoundtripLatency.Default, GoDuration.ToText(manager.Tunnels.RoundtripLatency));
        Assert.Equal(
            ConfigurationKeys.TrafficManagerConnect.Default,
            GoDuration.ToText(SessionSettings.DefaultConnectTimeout)
        );
        Assert.Equal(
            ConfigurationKeys.DnsExcludeSuffixes.Default,
            ConfigurationValues.ToText(DnsZoneOptions.DefaultExcludeSuffixes)
        );
    }

    [Theory]
    [InlineData("1h2m3.5s", "1h2m3.5s")]
    [InlineData("90", "1m30s")]
    [InlineData("0.25", "250ms")]
    [InlineData("3600s", "1h")]
    [InlineData("0", "0s")]
    [InlineData("36h", "36h")]
    public void Durations_are_written_as_short_Go_strings(string text, string expected)
    {
        Assert.True(GoDuration.TryParse(text, out var value));
        Assert.Equal(expected, GoDuration.ToText(value));
        Assert.True(GoDuration.TryParse(expected, out var again));
        Assert.Equal(value, again);
    }

    [Theory]
    [InlineData("4Mi", 4 << 20)]
    [InlineData("1.5k", 1500)]
    [InlineData("1e6", 1_000_000)]
    [InlineData("2G", 2_000_000_000)]
    [InlineData("2E2", 200)]
    [InlineData("0", 0)]
    public void Quantities_are_Kubernetes_quantities(string text, long expected)
    {
        Assert.True(KubernetesQuantity.TryParse(text, out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Mi")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("10Ei")]
    [InlineData("4 MB")]
    public void What_is_no_whole_quantity_is_refused(string text) =>
        Assert.False(KubernetesQuantity.TryParse(text, out _));

    private static YamlText Scalar(string text) => new(text, IsPlain: true, 0, 0, 1, 1);
}
