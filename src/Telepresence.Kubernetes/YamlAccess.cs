using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telepresence.Kubernetes;

/// <summary>Look-ups in a YAML tree that answer null for what is missing or of another shape.</summary>
internal static class YamlAccess
{
    private const int LargestSetting = 1000;

    /// <exception cref="YamlException">It is not YAML.</exception>
    public static YamlStream Load(TextReader reader)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(reader);
            return stream;
        }
#pragma warning disable CA1031 // The parser throws errors of many kinds at malformed text, also such as tell a fault of its own.
        catch (Exception e) when (e is not (YamlException or IOException))
#pragma warning restore CA1031
        {
            throw new YamlException(e.Message, e);
        }
    }

    public static YamlNode? Child(YamlNode? node, string key) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(key), out var child)
            ? child
            : null;

    public static string? Text(YamlNode? node, string key) =>
        Child(node, key) is YamlScalarNode { Value: { } value } scalar
        && !(
            scalar.Style is YamlDotNet.Core.ScalarStyle.Plain or YamlDotNet.Core.ScalarStyle.Any
            && value is "null" or "~"
        )
            ? value
            : null;

    /// <summary>As <see cref="Text"/>, and null for the empty string.</summary>
    public static string? NonEmptyText(YamlNode? node, string key) =>
        Text(node, key) is { Length: > 0 } text ? text : null;

    /// <summary>True in any of the spellings of YAML 1.1, which kubectl's parser knows.</summary>
    public static bool Flag(YamlNode? node, string key) =>
        Text(node, key)?.ToLowerInvariant() is "true" or "yes" or "on" or "y";

    public static IEnumerable<YamlNode> Sequence(YamlNode? node, string key) =>
        Child(node, key) is YamlSequenceNode sequence ? sequence.Children : [];

    /// <summary>The same value in JSON; null where it is larger than any setting, or contains itself.</summary>
    public static string? ToJson(YamlNode node)
    {
        var budget = LargestSetting;
        var json = ToJson(node, ref budget);
        return budget < 0 ? null : json?.ToJsonString() ?? "null";
    }

    private static JsonNode? ToJson(YamlNode node, ref int budget)
    {
        budget--;
        switch (node)
        {
            case YamlMappingNode mapping when budget >= 0:
                var properties = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    properties[(key as YamlScalarNode)?.Value ?? ""] = ToJson(value, ref budget);
                }
                return properties;
            case YamlSequenceNode sequence when budget >= 0:
                var elements = new JsonArray();
                foreach (var value in sequence.Children)
                {
                    elements.Add(ToJson(value, ref budget));
                }
                return elements;
            case YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any } plain:
                return Scalar(plain.Value ?? "");
            default:
                return (node as YamlScalarNode)?.Value;
        }
    }

    private static JsonNode? Scalar(string text) =>
        text is "" or "~" or "null" ? null
        : bool.TryParse(text, out var flag) ? flag
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) ? integer
        : text;

    public static string Write(YamlMappingNode node)
    {
        using StringWriter writer = new(CultureInfo.InvariantCulture);
        new YamlStream(new YamlDocument(node)).Save(writer, assignAnchors: false);
        return writer.ToString();
    }
}
