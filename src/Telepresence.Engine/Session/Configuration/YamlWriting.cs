using System.Net;
using System.Text.RegularExpressions;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>Values of keys as YAML on one line, right in a block and between brackets alike.</summary>
internal static partial class YamlWriting
{
    /// <summary>A value that <see cref="ConfigurationValues.Read"/> made.</summary>
    public static string ToYaml(object value) =>
        Elements(value) is { } elements ? $"[{string.Join(", ", elements)}]" : Element(value);

    /// <summary>The elements of a list, each as YAML; null for what is no list.</summary>
    public static IReadOnlyList<string>? Elements(object value) =>
        value switch
        {
            IEnumerable<string> texts when value is not string => [.. texts.Select(Element)],
            IEnumerable<IPNetwork> networks => [.. networks.Select(n => Element(n))],
            IEnumerable<DnsMapping> mappings => [.. mappings.Select(Element)],
            _ => null,
        };

    private static string Element(object value) =>
        value switch
        {
            bool or long => ConfigurationValues.ToText(value),
            DnsMapping mapping => $"{{name: {Element(mapping.Name)}, aliasFor: {Element(mapping.AliasFor)}}}",
            _ => Quoted(ConfigurationValues.ToText(value)),
        };

    /// <summary>Plain where no reader could take it for something else.</summary>
    private static string Quoted(string text) =>
        PlainText().IsMatch(text) && !OtherThanText().IsMatch(text)
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[A-Za-z0-9./][A-Za-z0-9./_+-]*\z")]
    private static partial Regex PlainText();

    [GeneratedRegex(
        @"^(true|false|yes|no|on|off|y|n|null|nan|[-+.]*(inf|nan)|[-+]?[0-9.][0-9._]*(e[-+]?[0-9]+)?|0[xob][0-9a-f_]+|[0-9-]+)\z",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex OtherThanText();
}
