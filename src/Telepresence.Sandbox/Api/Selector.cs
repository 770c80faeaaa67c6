using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Telepresence.Sandbox.Api;

/// <summary>Label and field selectors of list and watch requests.</summary>
internal static partial class Selector
{
    /// <exception cref="FormatException">Not a selector.</exception>
    public static Func<JsonObject, bool> Parse(string? labels, string? fields)
    {
        var terms = new List<Func<JsonObject, bool>>();
        terms.AddRange(Terms(labels).Select(LabelTerm));
        terms.AddRange(Terms(fields).Select(FieldTerm));
        return o => terms.TrueForAll(t => t(o));
    }

    private static IEnumerable<string> Terms(string? selector) =>
        string.IsNullOrWhiteSpace(selector) ? [] : CommaOutsideParentheses().Split(selector).Select(t => t.Trim());

    private static Func<JsonObject, bool> LabelTerm(string term)
    {
        var match = LabelPattern().Match(term);
        if (!match.Success)
        {
            throw new FormatException($"unable to parse requirement: \"{term}\"");
        }
        var key = match.Groups["key"].Value;
        var operation = match.Groups["op"].Value;
        var values = match
            .Groups["values"]
            .Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var value = match.Groups["value"].Value;
        return o =>
        {
            var actual = (string?)o["metadata"]?["labels"]?[key];
            return operation switch
            {
                "=" or "==" => actual == value,
                "!=" => actual != value,
                "in" => actual is not null && values.Contains(actual),
                "notin" => actual is null || !values.Contains(actual),
                _ => match.Groups["not"].Success ? actual is null : actual is not null,
            };
        };
    }

    private static Func<JsonObject, bool> FieldTerm(string term)
    {
        var match = FieldPattern().Match(term);
        if (!match.Success)
        {
            throw new FormatException($"invalid field selector: \"{term}\"");
        }
        var path = match.Groups["key"].Value.Split('.');
        var value = match.Groups["value"].Value;
        var negated = match.Groups["op"].Value == "!=";
        return o =>
        {
            JsonNode? node = o;
            foreach (var step in path)
            {
                node = (node as JsonObject)?[step];
            }
            return ((node?.ToString() ?? "") == value) != negated;
        };
    }

    [GeneratedRegex(@",(?![^(]*\))")]
    private static partial Regex CommaOutsideParentheses();

    [GeneratedRegex(
        @"^(?:(?<not>!)?(?<key>[\w./-]+)|(?<key>[\w./-]+)\s*(?<op>==|!=|=)\s*(?<value>[\w.-]*)|(?<key>[\w./-]+)\s+(?<op>in|notin)\s*\((?<values>[^)]*)\))$"
    )]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"^(?<key>[\w.]+)\s*(?<op>==|!=|=)\s*(?<value>.*)$")]
    private static partial Regex FieldPattern();
}
