using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Telepresence.ModuleBuilder;

/// <summary>Help pages as the XML that Get-Help reads.</summary>
internal static partial class Maml
{
    private static readonly XNamespace _help = "http://msh";
    private static readonly XNamespace _maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace _command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace _dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static string Write(IEnumerable<HelpPage> pages) =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        + new XElement(
            _help + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", _maml),
            new XAttribute(XNamespace.Xmlns + "command", _command),
            new XAttribute(XNamespace.Xmlns + "dev", _dev),
            pages.Select(Command)
        )
        + "\n";

    private static XElement Command(HelpPage page)
    {
        var dash = page.Name.IndexOf('-', StringComparison.Ordinal);
        return new XElement(
            _command + "command",
            new XElement(
                _command + "details",
                new XElement(_command + "name", page.Name),
                new XElement(_command + "verb", page.Name[..dash]),
                new XElement(_command + "noun", page.Name[(dash + 1)..]),
                new XElement(_maml + "description", Paragraphs(page.Synopsis))
            ),
            new XElement(_maml + "description", Paragraphs(page.Description)),
            new XElement(_command + "syntax", Sets(page).Select(set => Syntax(page, set))),
            new XElement(_command + "parameters", page.Parameters.Select(Parameter)),
            new XElement(
                _command + "inputTypes",
                new XElement(
                    _command + "inputType",
                    new XElement(_dev + "type", new XElement(_maml + "name", Plain(FirstHeading(page.Inputs)))),
                    new XElement(_maml + "description", Paragraphs(WithoutHeadings(page.Inputs)))
                )
            ),
            new XElement(
                _command + "returnValues",
                new XElement(
                    _command + "returnValue",
                    new XElement(_dev + "type", new XElement(_maml + "name", Plain(FirstHeading(page.Outputs)))),
                    new XElement(_maml + "description", Paragraphs(WithoutHeadings(page.Outputs)))
                )
            ),
            new XElement(_maml + "alertSet", new XElement(_maml + "alert", Paragraphs(page.Notes))),
            new XElement(_command + "examples", page.Examples.Select(Example))
        );
    }

    private static IEnumerable<string> Sets(HelpPage page) =>
        page.Parameters.SelectMany(p => p.ParameterSets).Where(s => s != HelpParameter.AllSets).Distinct() is var named
        && named.Any()
            ? named
            : [HelpParameter.AllSets];

    private static XElement Syntax(HelpPage page, string set) =>
        new(
            _command + "syntaxItem",
            new XElement(_maml + "name", page.Name),
            page.Parameters.Where(p => p.IsIn(set)).Select(Parameter)
        );

    private static XElement Parameter(HelpParameter parameter) =>
        new(
            _command + "parameter",
            new XAttribute("required", parameter.Required ? "true" : "false"),
            new XAttribute("globbing", parameter.Wildcards ? "true" : "false"),
            new XAttribute("pipelineInput", parameter.PipelineInput),
            new XAttribute("position", parameter.Position.ToLowerInvariant()),
            new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
            new XElement(_maml + "name", parameter.Name),
            new XElement(_maml + "description", Paragraphs(parameter.Description)),
            parameter.Type == "SwitchParameter"
                ? null
                : new XElement(_command + "parameterValue", new XAttribute("required", "true"), parameter.Type),
            new XElement(_dev + "type", new XElement(_maml + "name", parameter.Type)),
            new XElement(_dev + "defaultValue", parameter.DefaultValue)
        );

    private static XElement Example(HelpExample example, int index) =>
        new(
            _command + "example",
            new XElement(_maml + "title", $"---------- {example.Title} ----------"),
            new XElement(_dev + "code", example.Code),
            new XElement(_dev + "remarks", Paragraphs(example.Remarks))
        );

    private static IEnumerable<XElement> Paragraphs(string text) =>
        Plain(text)
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(p => new XElement(_maml + "para", p.Replace('\n', ' ').Trim()));

    private static string FirstHeading(string text) =>
        Heading().Match(text) is { Success: true } heading ? heading.Groups[1].Value : "None";

    private static string WithoutHeadings(string text) => Heading().Replace(text, "").Trim();

    /// <summary>Markdown's marks of code and emphasis, and its links, as plain text.</summary>
    private static string Plain(string text) => Link().Replace(text, "$1").Replace("`", "", StringComparison.Ordinal);

    [GeneratedRegex(@"^### (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]*\)")]
    private static partial Regex Link();
}
