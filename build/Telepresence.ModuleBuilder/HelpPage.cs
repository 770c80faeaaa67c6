using System.Text.RegularExpressions;

namespace Telepresence.ModuleBuilder;

/// <summary>A page of docs/help: platyPS's markdown schema 2.0.0.</summary>
internal sealed partial record HelpPage(
    string Name,
    string Synopsis,
    string Description,
    IReadOnlyList<HelpExample> Examples,
    IReadOnlyList<HelpParameter> Parameters,
    string Inputs,
    string Outputs,
    string Notes
)
{
    /// <exception cref="HelpFormatException">A section is missing or malformed.</exception>
    public static HelpPage Parse(string markdown, string file)
    {
        var text = markdown.ReplaceLineEndings("\n");
        var title = Title().Match(text);
        if (!title.Success)
        {
            throw new HelpFormatException(file, "there is no '# Name' line");
        }
        var sections = Split(text, Section());
        return new HelpPage(
            title.Groups[1].Value,
            Required(sections, "SYNOPSIS", file),
            Required(sections, "DESCRIPTION", file),
            [
                .. Split(Required(sections, "EXAMPLES", file), Subsection())
                    .Select(e => HelpExample.Parse(e.Key, e.Value, file)),
            ],
            [
                .. Split(sections.GetValueOrDefault("PARAMETERS", ""), Subsection())
                    .Where(p => p.Key.StartsWith('-'))
                    .Select(p => HelpParameter.Parse(p.Key[1..], p.Value, file)),
            ],
            Required(sections, "INPUTS", file),
            Required(sections, "OUTPUTS", file),
            sections.GetValueOrDefault("NOTES", "")
        );
    }

    private static string Required(Dictionary<string, string> sections, string name, string file) =>
        sections.GetValueOrDefault(name) is { Length: > 0 } body
            ? body
            : throw new HelpFormatException(file, $"section {name} is missing or empty");

    private static Dictionary<string, string> Split(string text, Regex heading)
    {
        var matches = heading.Matches(text);
        var parts = new Dictionary<string, string>();
        for (var i = 0; i < matches.Count; i++)
        {
            var start = matches[i].Index + matches[i].Length;
            var end = i + 1 < matches.Count ? matches[i + 1].Index : text.Length;
            parts[matches[i].Groups[1].Value.Trim()] = text[start..end].Trim();
        }
        return parts;
    }

    [GeneratedRegex(@"^# (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Title();

    [GeneratedRegex(@"^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex Subsection();
}

/// <summary>An example: its code block and what is said of it.</summary>
internal sealed partial record HelpExample(string Title, string Code, string Remarks)
{
    public static HelpExample Parse(string title, string body, string file)
    {
        var code = Block().Match(body);
        return code.Success
            ? new HelpExample(title, code.Groups[1].Value.Trim(), body.Remove(code.Index, code.Length).Trim())
            : throw new HelpFormatException(file, $"'{title}' has no ```powershell block");
    }

    [GeneratedRegex(@"```powershell\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}

/// <summary>A parameter with the facts of its yaml block.</summary>
internal sealed partial record HelpParameter(
    string Name,
    string Description,
    string Type,
    IReadOnlyList<string> ParameterSets,
    IReadOnlyList<string> Aliases,
    bool Required,
    string Position,
    string DefaultValue,
    string PipelineInput,
    bool Wildcards
)
{
    public const string AllSets = "(All)";

    public static HelpParameter Parse(string name, string body, string file)
    {
        var block = Block().Match(body);
        if (!block.Success)
        {
            throw new HelpFormatException(file, $"-{name} has no ```yaml block");
        }
        var facts = block
            .Groups[1]
            .Value.Split('\n')
            .Select(line => line.Split(':', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim());
        string Fact(string key) =>
            facts.GetValueOrDefault(key) ?? throw new HelpFormatException(file, $"-{name} does not say '{key}'");
        return new HelpParameter(
            name,
            body[..block.Index].Trim(),
            Fact("Type"),
            List(Fact("Parameter Sets")),
            List(Fact("Aliases")),
            Fact("Required") == "True",
            Fact("Position"),
            Fact("Default value"),
            Fact("Accept pipeline input"),
            Fact("Accept wildcard characters") == "True"
        );
    }

    public bool IsIn(string set) => ParameterSets.Contains(AllSets) || ParameterSets.Contains(set);

    private static string[] List(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    [GeneratedRegex(@"```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
