using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telepresence.Kubernetes;

/// <summary>JSON as YAML for people: block style, and quotes only where a text would be read as something else.</summary>
internal static partial class BlockYaml
{
    /// <summary>One document, without its separator.</summary>
    public static string Write(JsonNode value)
    {
        using StringWriter writer = new(CultureInfo.InvariantCulture) { NewLine = "\n" };
        new YamlStream(new YamlDocument(ToYaml(value))).Save(writer, assignAnchors: false);
        var text = writer.ToString();
        // The emitter ends every document of a stream.
        return text.EndsWith("...\n", StringComparison.Ordinal) ? text[..^4] : text;
    }

    private static YamlNode ToYaml(JsonNode? value) =>
        value switch
        {
            JsonObject { Count: 0 } => new YamlMappingNode { Style = YamlDotNet.Core.Events.MappingStyle.Flow },
            JsonObject properties => new YamlMappingNode(
                properties.Select(property =>
                    KeyValuePair.Create<YamlNode, YamlNode>(Text(property.Key), ToYaml(property.Value))
                )
            ),
            JsonArray { Count: 0 } => new YamlSequenceNode { Style = YamlDotNet.Core.Events.SequenceStyle.Flow },
            JsonArray items => new YamlSequenceNode(items.Select(ToYaml)),
            JsonValue text when text.GetValueKind() == JsonValueKind.String => Text(text.GetValue<string>()),
            null => new YamlScalarNode("null") { Style = ScalarStyle.Plain },
            _ => new YamlScalarNode(value.ToJsonString()) { Style = ScalarStyle.Plain },
        };

    private static YamlScalarNode Text(string text) =>
        new(text)
        {
            Style =
                text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.Literal
                : PlainText().IsMatch(text) && !OtherThanText().IsMatch(text) ? ScalarStyle.Plain
                : ScalarStyle.DoubleQuoted,
        };

    [GeneratedRegex(@"^[A-Za-z0-9./][A-Za-z0-9./_+:*-]*(?<!:)\z")]
    private static partial Regex PlainText();

    /// <summary>What readers of YAML 1.1 or 1.2 take for a flag, a number, a date, a time or nothing.</summary>
    [GeneratedRegex(
        @"^(true|false|yes|no|on|off|y|n|null|nan|[-+.]*(inf|nan)|[-+]?[0-9.][0-9._:]*(e[-+]?[0-9]+)?|0[xob][0-9a-f_]+|[0-9]+-.*)\z",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex OtherThanText();
}
