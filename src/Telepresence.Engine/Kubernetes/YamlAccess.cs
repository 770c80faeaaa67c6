using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telepresence.Engine.Kubernetes;

/// <summary>Look-ups in a YAML tree that answer null for what is missing or of another shape.</summary>
internal static class YamlAccess
{
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

    public static bool Flag(YamlNode? node, string key) => bool.TryParse(Text(node, key), out var flag) && flag;

    public static IEnumerable<YamlNode> Sequence(YamlNode? node, string key) =>
        Child(node, key) is YamlSequenceNode sequence ? sequence.Children : [];

    public static string Write(YamlMappingNode node)
    {
        using StringWriter writer = new(CultureInfo.InvariantCulture);
        new YamlStream(new YamlDocument(node)).Save(writer, assignAnchors: false);
        return writer.ToString();
    }
}
