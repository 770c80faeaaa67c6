using System.Globalization;
using System.Net;
using Telepresence.Client.Errors;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Values of keys: from YAML, and as text.</summary>
internal static class ConfigurationValues
{
    /// <summary>Reads the value of a key. A list may be a single value, or several with commas and perhaps braces, as helm's --set takes them.</summary>
    /// <exception cref="FormatException">The value cannot be used; the message follows the key.</exception>
    public static object Read(ConfigurationKey key, YamlTreeNode node) =>
        key.Type switch
        {
            ConfigurationValueType.TextList => Items(node).Select(Scalar).ToArray(),
            ConfigurationValueType.SubnetList => Items(node).Select(n => Subnet(Scalar(n))).ToArray(),
            ConfigurationValueType.MappingList => Entries(node).Select(Mapping).ToArray(),
            _ => ReadScalar(key.Type, Scalar(node)),
        };

    /// <summary>What <see cref="Read"/> made, as one line.</summary>
    public static string ToText(object value) =>
        value switch
        {
            string text => text,
            bool flag => flag ? "true" : "false",
            TimeSpan duration => GoDuration.ToText(duration),
            Bytes bytes => KubernetesQuantity.ToText(bytes.Count),
            IEnumerable<object> items => string.Join(", ", items.Select(ToText)),
            IEnumerable<IPNetwork> networks => string.Join(", ", networks),
            DnsMapping mapping => $"{mapping.Name}={mapping.AliasFor}",
            IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };

    private static object ReadScalar(ConfigurationValueType type, string text) =>
        type switch
        {
            ConfigurationValueType.Boolean => bool.TryParse(text, out var flag)
                ? flag
                : throw new FormatException($"'{text}' must be true or false"),
            ConfigurationValueType.Integer => long.TryParse(
                text,
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var number
            )
                ? number
                : throw new FormatException($"'{text}' is not a whole number"),
            ConfigurationValueType.Duration => GoDuration.TryParse(text, out var duration)
                ? duration
                : throw new FormatException($"'{text}' is not a duration such as 4s or 1m30s"),
            ConfigurationValueType.Quantity => KubernetesQuantity.TryParse(text, out var count)
                ? new Bytes(count)
                : throw new FormatException($"'{text}' is not a quantity such as 4Mi"),
            ConfigurationValueType.Address => IPAddress.TryParse(text, out var address)
                ? address
                : throw new FormatException($"'{text}' is not an IP address"),
            ConfigurationValueType.Subnet => Subnet(text),
            _ => text,
        };

    private static IEnumerable<YamlTreeNode> Items(YamlTreeNode node) =>
        node switch
        {
            YamlList list => list.Items,
            // Helm's braces, where a file has them without quotes, are a mapping of keys without values.
            YamlMap { IsFlow: true } map when map.Pairs.All(p => p.Value.IsNull) => map.Pairs.Select(p => p.Key),
            YamlText text => Split(text.Value).Select(part => text with { Value = part }),
            _ => throw new FormatException("must be a list"),
        };

    private static IEnumerable<YamlTreeNode> Entries(YamlTreeNode node) => node is YamlMap ? [node] : Items(node);

    /// <summary>The parts of <c>a,b</c>, <c>{a,b}</c> or <c>[a, b]</c>.</summary>
    public static IEnumerable<string> Split(string text)
    {
        text = text.Trim();
        if (text is ['{', .., '}'] or ['[', .., ']'])
            text = text[1..^1];
        return text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Scalar(YamlTreeNode node) =>
        node is YamlText { Value.Length: > 0 } text ? text.Value.Trim() : throw new FormatException("must be text");

    private static IPNetwork Subnet(string text)
    {
        try
        {
            return SubnetParser.ParseNetwork(text, "");
        }
        catch (TelepresenceException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static DnsMapping Mapping(YamlTreeNode node) =>
        node switch
        {
            YamlMap map
                when map.Find("name")?.Value is YamlText { Value.Length: > 0 } name
                    && (map.Find("aliasFor") ?? map.Find("alias-for"))?.Value is YamlText { Value.Length: > 0 } alias =>
                new DnsMapping(name.Value, alias.Value),
            YamlText text when text.Value.Split('=') is [{ Length: > 0 } name, { Length: > 0 } alias] => new DnsMapping(
                name,
                alias
            ),
            _ => throw new FormatException("each entry needs name and aliasFor"),
        };

    /// <summary>A number of bytes.</summary>
    internal readonly record struct Bytes(long Count);
}
