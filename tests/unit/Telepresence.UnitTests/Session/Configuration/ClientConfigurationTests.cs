using System.Net;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.UnitTests.Session.Configuration;

public class ClientConfigurationTests
{
    private static ClientConfiguration Read(string yaml, string file) =>
        ClientConfigurationReader.Read(yaml, new ConfigurationOrigin("config.yml", file));

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("routing:\n")]
    [InlineData("{}")]
    [InlineData("null\n")]
    [InlineData("---\n# c\n")]
    [InlineData("routing: {}\ndns: ~\n")]
    [InlineData("usage: {anything: goes}\nintercept: {telemount: {tag: 1}}\n")]
    public void Empty_and_foreign_content_sets_nothing(string yaml)
    {
        var read = Read(yaml, "config.yml");
        Assert.Empty(read.Settings);
        Assert.Empty(read.Warnings);
    }

    [Fact]
    public void Known_keys_are_read()
    {
        var read = Read(
            """
            timeouts: {endpointDial: 1m2.5s, trafficManagerAPI: 7}
            cluster: {defaultManagerNamespace: tools, mappedNamespaces: [a, b]}
            dns:
              lookupTimeout: 250ms
              excludeSuffixes: [.com]
              mappings: [{name: my-db, aliasFor: db.prod}]
            routing:
              alsoProxySubnets: [172.20.0.0/16, 10.1.2.3]
              virtualSubnet: 246.10.0.0/16
              autoResolveConflicts: false
            """,
            "config.yml"
        );
        Assert.Equal(TimeSpan.FromSeconds(62.5), read.EndpointDial);
        Assert.Equal(TimeSpan.FromSeconds(7), read.TrafficManagerApi);
        Assert.Equal("tools", read.DefaultManagerNamespace);
        Assert.Equal(["a", "b"], read.MappedNamespaces!);
        Assert.Equal(TimeSpan.FromMilliseconds(250), read.DnsLookup);
        Assert.Equal([".com"], read.DnsExcludeSuffixes!);
        Assert.Equal([new DnsMapping("my-db", "db.prod")], read.DnsMappings!);
        Assert.Equal([IPNetwork.Parse("172.20.0.0/16"), IPNetwork.Parse("10.1.2.3/32")], read.AlsoProxy!);
        Assert.Equal(IPNetwork.Parse("246.10.0.0/16"), read.VirtualSubnet);
        Assert.False(read.AutoResolveConflicts);
        Assert.Null(read.NeverProxy);
    }

    [Fact]
    public void The_old_routing_names_are_understood() =>
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], Read("routing: {neverProxy: [10.0.0.0/8]}", "x").NeverProxy!);

    [Theory]
    [InlineData("routing: [a]", "routing must be a mapping")]
    [InlineData(
        "routing: {virtualSubnet: 10.0.0.0/33}",
        "line 1, column 26: routing.virtualSubnet '10.0.0.0/33' is not a subnet"
    )]
    [InlineData("dns: {lookupTimeout: soon}", "dns.lookupTimeout 'soon'")]
    [InlineData("dns: {mappings: [{name: x}]}", "dns.mappings each entry needs")]
    [InlineData("dns: {excludes: {a: b}}", "dns.excludes must be a list")]
    [InlineData("dns: {excludes: [[a]]}", "dns.excludes must be text")]
    [InlineData("routing: {autoResolveConflicts: perhaps}", "routing.autoResolveConflicts 'perhaps'")]
    [InlineData("a: [\n", "line 2, column 1: not valid YAML: While parsing a node, did not find expected node content")]
    [InlineData("a: 1\n b: 2\n", "line 2, column 3: not valid YAML")]
    [InlineData(
        "dns:\n  excludes: []\n  excludes: []\n",
        "line 3, column 3: not valid YAML: the key 'excludes' is here for the second"
    )]
    [InlineData("- a\n", "line 1, column 1: must be a mapping")]
    [InlineData("text", "must be a mapping of keys")]
    [InlineData("a: *x\n", "line 1, column 4: not valid YAML: nothing before it has the anchor 'x'")]
    [InlineData("? [a]\n: b\n", "a key must be text")]
    [InlineData("routing: {neverProxySubnets: 10.0.0.1/8}", "did you mean 10.0.0.0/8?")]
    public void An_unusable_value_is_reported_with_source_and_key(string yaml, string expected)
    {
        var error = Assert.Throws<InvalidConfigurationException>(() => Read(yaml, "my.yml"));
        Assert.StartsWith("my.yml: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_upper_layer_wins_and_the_lower_shows_through()
    {
        var upper = new ClientConfiguration { DnsExcludes = ["x"] };
        var lower = new ClientConfiguration { DnsExcludes = ["y", "z"], DefaultManagerNamespace = "m" };
        var merged = upper.Over(lower);
        Assert.Equal(["x"], merged.DnsExcludes!);
        Assert.Equal("m", merged.DefaultManagerNamespace);
    }

    [Theory]
    [InlineData("1h2m3.5s", 3723.5)]
    [InlineData("0", 0)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5", 1.5)]
    public void Durations_are_Go_strings_or_seconds(string text, double seconds)
    {
        Assert.True(GoDuration.TryParse(text, out var value));
        Assert.Equal(TimeSpan.FromSeconds(seconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1s")]
    [InlineData("5 parsecs")]
    [InlineData("s")]
    [InlineData("1e300h")]
    [InlineData("99999999999999h")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));

    [Fact]
    public void Any_text_is_read_or_refused_with_a_typed_error()
    {
        const string sample =
            "dns: {lookupTimeout: 4s, mappings: [{name: a, aliasFor: b}]}\nrouting: {neverProxy: [10.0.0.0/8]}\n";
        const string spice = "{}[]:,&*!|>'\"%@`#\n \t-?~";
        var random = new Random(20_261_122);
        var refused = 0;
        for (var i = 0; i < 30_000; i++)
        {
            var text = sample.ToCharArray();
            for (var change = random.Next(1, 6); change > 0; change--)
                text[random.Next(text.Length)] = spice[random.Next(spice.Length)];
            try
            {
                Read(new string(text), "config.yml");
            }
            catch (InvalidConfigurationException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1, 29_999);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var error = Assert.Throws<InvalidConfigurationException>(() => Read(new string('[', 100_000), "x"));
        Assert.Contains("nested more than 32 deep", error.Message, StringComparison.Ordinal);
    }
}
