using System.Globalization;
using System.Text.Json.Nodes;
using Telepresence.Engine.Session.Configuration;
using YamlDotNet.Core;

namespace Telepresence.Engine.Installation.Values;

/// <summary>Reads a file of values as helm does: YAML 1.1's flags, whole numbers, fractions; everything else is text.</summary>
internal static class ValuesText
{
    /// <exception cref="InvalidValueException">Not YAML, or no mapping of keys.</exception>
    public static JsonObject Parse(string yaml)
    {
        YamlTreeNode? root;
        try
        {
            root = YamlTree.Parse(yaml);
        }
        catch (YamlException e)
        {
            throw new InvalidValueException("", $"not valid YAML: line {e.Start.Line}: {e.Message}");
        }
        return root switch
        {
            null => [],
            YamlMap map => Map(map),
            _ => throw new InvalidValueException("", "not a mapping of keys, such as 'client:'"),
        };
    }

    private static JsonObject Map(YamlMap map)
    {
        JsonObject values = [];
        foreach (var (key, value) in map.Pairs)
        {
            values[key.Value] = Node(value);
        }
        return values;
    }

    private static JsonNode? Node(YamlTreeNode node) =>
        node switch
        {
            YamlMap map => Map(map),
            YamlList list => new JsonArray([.. list.Items.Select(Node)]),
            { IsNull: true } => null,
            YamlText { IsPlain: true } plain => Scalar(plain.Value),
            YamlText text => text.Value,
            _ => null,
        };

    private static JsonNode Scalar(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => true,
            "false" or "no" or "off" => false,
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) =>
                integer,
            _ when IsFraction(text, out var fraction) => fraction,
            _ => text,
        };

    /// <summary>Letters other than the exponent's make a text: "infinity" and "nan" are names here.</summary>
    private static bool IsFraction(string text, out double value)
    {
        value = 0;
        return text.All(c => char.IsAsciiDigit(c) || c is '.' or 'e' or 'E' or '+' or '-')
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }
}
