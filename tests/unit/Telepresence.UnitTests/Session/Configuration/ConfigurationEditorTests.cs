using Telepresence.Engine.Session.Configuration;

namespace Telepresence.UnitTests.Session.Configuration;

public class ConfigurationEditorTests
{
    private static string Set(string text, string key, params string[] values) =>
        ConfigurationEditor.Set(text, Key(key), ConfigurationInput.Read(Key(key), values), "config.yml");

    private static string Remove(string text, string key) => ConfigurationEditor.Remove(text, Key(key), "config.yml");

    private static ConfigurationKey Key(string path) => ConfigurationKeys.Paths.Find(path)!;

    [Theory]
    [InlineData("", "dns:\n  lookupTimeout: 5s\n")]
    [InlineData("# only", "# only\ndns:\n  lookupTimeout: 5s\n")]
    [InlineData("---\n", "---\ndns:\n  lookupTimeout: 5s\n")]
    [InlineData("# a\nnull\n# b\n", "# a\ndns:\n  lookupTimeout: 5s\n# b\n")]
    [InlineData("{}\n", "{dns: {lookupTimeout: 5s}}\n")]
    [InlineData("dns:\n", "dns:\n  lookupTimeout: 5s\n")]
    [InlineData("dns: # names\n  # none\nrouting:\n", "dns: # names\n  lookupTimeout: 5s\n  # none\nrouting:\n")]
    [InlineData("dns: {}\n", "dns: {lookupTimeout: 5s}\n")]
    [InlineData("dns: ~ # x\n", "dns: {lookupTimeout: 5s} # x\n")]
    [InlineData("dns: {excludes: [a]} # x\n", "dns: {excludes: [a], lookupTimeout: 5s} # x\n")]
    [InlineData(
        "dns:\n    excludes:\n    - a # one\n\n# end",
        "dns:\n    excludes:\n    - a # one\n    lookupTimeout: 5s\n\n# end"
    )]
    [InlineData("dns:\n  lookupTimeout: 3s # slow\n", "dns:\n  lookupTimeout: 5s # slow\n")]
    [InlineData("dns:\n  lookupTimeout:   '3s'\n", "dns:\n  lookupTimeout:   5s\n")]
    [InlineData("dns:\n  lookupTimeout: # ?\n", "dns:\n  lookupTimeout: 5s # ?\n")]
    [InlineData("dns:\r\n  excludes: [a]\r\n", "dns:\r\n  excludes: [a]\r\n  lookupTimeout: 5s\r\n")]
    [InlineData("routing:\n  neverProxy: []", "routing:\n  neverProxy: []\ndns:\n  lookupTimeout: 5s\n")]
    [InlineData("other: |\n  text\n\n  more\n", "other: |\n  text\n\n  more\ndns:\n  lookupTimeout: 5s\n")]
    [InlineData("{\"dns\":{\"lookupTimeout\":\"3s\"}}", "{\"dns\":{\"lookupTimeout\": 5s}}")]
    public void A_value_is_set_where_it_belongs(string text, string expected) =>
        Assert.Equal(expected, Set(text, "dns.lookupTimeout", "5s"));

    [Theory]
    [InlineData(
        "routing:\n  neverProxySubnets:\n    - 10.0.0.0/8 # a\n    # between\n    - 11.0.0.0/8 # b\n  x: 1\n",
        "routing:\n  neverProxySubnets:\n    - 10.0.0.0/8 # a\n    # between\n    - 12.0.0.0/8\n  x: 1\n"
    )]
    [InlineData(
        "routing:\n  neverProxySubnets:\n  - 12.0.0.0/8 # c",
        "routing:\n  neverProxySubnets:\n  - 10.0.0.0/8\n  - 12.0.0.0/8 # c"
    )]
    [InlineData(
        "routing:\n  neverProxySubnets: [11.0.0.0/8] # c\n",
        "routing:\n  neverProxySubnets: [10.0.0.0/8, 12.0.0.0/8] # c\n"
    )]
    [InlineData(
        "routing:\n  neverProxySubnets: 11.0.0.0/8 # c\n",
        "routing:\n  neverProxySubnets: [10.0.0.0/8, 12.0.0.0/8] # c\n"
    )]
    [InlineData(
        "routing:\n  neverProxy:\n  - 10.0.0.0/8\n",
        "routing:\n  neverProxy:\n  - 10.0.0.0/8\n  - 12.0.0.0/8\n"
    )]
    [InlineData(
        "routing:\n  neverProxySubnets: {1.0.0.0/8}\n",
        "routing:\n  neverProxySubnets: [10.0.0.0/8, 12.0.0.0/8]\n"
    )]
    public void A_list_keeps_the_lines_of_items_that_stay(string text, string expected) =>
        Assert.Equal(expected, Set(text, "routing.neverProxySubnets", "10.0.0.0/8", "12.0.0.0/8"));

    [Fact]
    public void An_empty_list_keeps_the_keys_comment() =>
        Assert.Equal(
            "dns:\n  excludes: [] # c\nx: 1\n",
            Set("dns:\n  excludes: # c\n  - a\n  - b\nx: 1\n", "dns.excludes")
        );

    [Theory]
    [InlineData("dns:\n  # a\n  lookupTimeout: 5s # b\n  # c\n", "dns:\n  # a\n  # c\n")]
    [InlineData("dns: {lookupTimeout: 5s, excludes: [a]}\n", "dns: {excludes: [a]}\n")]
    [InlineData("dns: {excludes: [a], lookupTimeout: 5s}\n", "dns: {excludes: [a]}\n")]
    [InlineData("dns: {lookupTimeout: 5s}\n", "dns: {}\n")]
    [InlineData("dns: {excludes: [a]}\n", "dns: {excludes: [a]}\n")]
    [InlineData("", "")]
    public void A_key_is_removed_with_its_line(string text, string expected) =>
        Assert.Equal(expected, Remove(text, "dns.lookupTimeout"));

    [Fact]
    public void Old_names_are_removed_too() =>
        Assert.Equal(
            "routing:\ncluster:\n",
            Remove(
                "routing:\n  virtualSubnet: 10.0.0.0/8\ncluster:\n  virtualIPSubnet: 10.0.0.0/8\n",
                "routing.virtualSubnet"
            )
        );

    [Theory]
    [InlineData("fd00:1::/64", "'fd00:1::/64'")]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    public void Values_that_YAML_could_misread_are_quoted(string value, string expected) =>
        Assert.Equal($"routing:\n  virtualSubnet: {expected}\n", Set("", "routing.virtualSubnet", value));

    [Theory]
    [InlineData("123")]
    [InlineData("true")]
    [InlineData("it's")]
    [InlineData("a: b")]
    [InlineData("# no")]
    public void Text_comes_back_as_it_went(string value)
    {
        var text = Set("", "cluster.defaultManagerNamespace", value);
        Assert.Contains('\'', text);
        var read = ClientConfigurationReader.Read(text, new ConfigurationOrigin("x"));
        Assert.Equal(value, read.DefaultManagerNamespace);
    }

    [Theory]
    [InlineData("dns: &d\n  lookupTimeout: 3s\nother: *d\n")]
    [InlineData("? dns\n: {lookupTimeout: 3s}\n...\n# end")]
    [InlineData("--- null\n")]
    public void What_cannot_be_edited_alone_is_refused_or_edited_right(string text)
    {
        try
        {
            var edited = Set(text, "dns.lookupTimeout", "5s");
            Assert.Equal(
                "5s",
                ClientConfigurationReader.Read(edited, new ConfigurationOrigin("x")).Settings["dns.lookupTimeout"].Text
            );
        }
        catch (InvalidConfigurationException e)
        {
            Assert.Contains("edit it by hand", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_anchored_value_that_others_repeat_is_left_to_a_person() =>
        Assert.Contains(
            "edit it by hand",
            Assert
                .Throws<InvalidConfigurationException>(() =>
                    Set("dns: &d\n  lookupTimeout: 3s\nother: *d\n", "dns.lookupTimeout", "5s")
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void After_Set_the_value_is_there_and_all_other_lines_are_as_they_were()
    {
        string[] samples =
        [
            "# top\ndns: # names\n  lookupTimeout: 4s # c\n  excludes:\n    - a # one\n    - b\n\n  mappings: [{name: a, aliasFor: b}]\n# mid\nrouting:\n  neverProxySubnets:\n  - 10.0.0.0/8\nother: |\n  text\n",
            "routing: {neverProxySubnets: [10.0.0.0/8], x: {y: 1}}\ndns:\n\n# end\n",
            "cluster:\n    mappedNamespaces: a,b\n    unknown:\n        - {deep: [1, 2]}\n",
        ];
        const string spice = "{}[]:,&*!|>'\"%@`#\n \t-?~a0\r";
        string[] keys =
        [
            "dns.lookupTimeout",
            "dns.excludes",
            "routing.neverProxySubnets",
            "cluster.mappedNamespaces",
            "routing.autoResolveConflicts",
        ];
        string[][] values =
        [
            ["7s"],
            ["a", "c"],
            ["10.0.0.0/8", "fd00::/8"],
            [],
            ["false"],
        ];
        var random = new Random(20_261_122);
        var (edited, refused) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var text = samples[random.Next(samples.Length)].ToCharArray();
            for (var change = random.Next(0, 4); change > 0; change--)
                text[random.Next(text.Length)] = spice[random.Next(spice.Length)];
            var before = new string(text);
            var which = random.Next(keys.Length);
            try
            {
                var after = Set(before, keys[which], values[which]);
                edited++;
                CheckLines(before, after, keys[which], values[which]);
            }
            catch (InvalidConfigurationException)
            {
                refused++;
            }
        }
        Assert.InRange(edited, 5_000, 19_999);
        Assert.InRange(refused, 1, 15_000);
    }

    private static void CheckLines(string before, string after, string key, string[] values)
    {
        var node = ClientConfigurationReader.Parse(after, "after");
        foreach (var segment in key.Split('.'))
            node = ((YamlMap)node!).Find(segment)!.Value;
        Assert.Equal(
            ConfigurationValues.ToText(ConfigurationInput.Read(Key(key), values)),
            ConfigurationValues.ToText(ConfigurationValues.Read(Key(key), node!))
        );
        // Beginning and end are the same; what lies between is the key's own lines, or was inserted.
        string[] old = before.Split('\n');
        string[] made = after.Split('\n');
        var head = old.Zip(made).TakeWhile(p => p.First == p.Second).Count();
        var tail = old.Reverse().Zip(made.Reverse()).TakeWhile(p => p.First == p.Second).Count();
        var changed = string.Join(
            '\n',
            old[Math.Min(head, old.Length)..Math.Max(Math.Min(head, old.Length), old.Length - tail)]
        );
        var comments = changed.Split('\n').Where(l => l.TrimStart().StartsWith('#'));
        Assert.All(comments, comment => Assert.Contains(comment, made));
    }
}
