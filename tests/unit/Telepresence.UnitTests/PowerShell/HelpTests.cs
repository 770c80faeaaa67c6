using System.Management.Automation;
using System.Reflection;
using System.Xml.Linq;
using Telepresence.ModuleBuilder;

namespace Telepresence.UnitTests.PowerShell;

public class HelpTests
{
    public static TheoryData<string> Cmdlets => [.. CmdletTypes.All.Keys];

    [Fact]
    public void There_is_one_page_a_command()
    {
        var pages = Directory
            .EnumerateFiles(Path.Combine(CmdletTypes.Repository, "docs", "help"), "*.md")
            .Select(Path.GetFileNameWithoutExtension);

        Assert.Equal(CmdletTypes.All.Keys.Concat(ModuleManifest.Functions).Order(), pages.Order());
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_and_parameters_agree(string cmdlet)
    {
        var type = CmdletTypes.All[cmdlet];
        var page = PageOf(cmdlet);
        var expected = CmdletTypes.ParametersOf(type).ToDictionary(p => p.Name);
        string[] common = CmdletTypes.SupportsShouldProcess(type) ? ["Confirm", "WhatIf"] : [];

        Assert.Equal(cmdlet, page.Name);
        Assert.Equal(expected.Keys.Concat(common).Order(), page.Parameters.Select(p => p.Name).Order());
        foreach (var parameter in page.Parameters.Where(p => expected.ContainsKey(p.Name)))
        {
            Check(parameter, expected[parameter.Name]);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Every_page_has_an_example_of_its_cmdlet(string cmdlet)
    {
        var page = PageOf(cmdlet);

        Assert.NotEmpty(page.Examples);
        Assert.All(page.Examples, e => Assert.Contains(cmdlet, e.Code, StringComparison.Ordinal));
    }

    [Fact]
    public void Pages_become_xml_that_names_each_command()
    {
        var xml = XDocument.Parse(Maml.Write(CmdletTypes.All.Keys.Select(PageOf)));
        XNamespace command = "http://schemas.microsoft.com/maml/dev/command/2004/10";

        var names = xml.Descendants(command + "details").Select(d => d.Element(command + "name")!.Value);

        Assert.Equal(CmdletTypes.All.Keys.Order(), names.Order());
    }

    [Fact]
    public void A_page_without_synopsis_is_refused() =>
        Assert.Throws<HelpFormatException>(() => HelpPage.Parse("# Get-Thing\n\n## DESCRIPTION\nx\n", "Get-Thing.md"));

    private static void Check(HelpParameter described, PropertyInfo property)
    {
        var attributes = CmdletTypes.AttributesOf<ParameterAttribute>(property).ToList();
        bool Any(string name) => attributes.Any(a => CmdletTypes.Named(a, name) is true);
        var aliases = CmdletTypes
            .AttributesOf<AliasAttribute>(property)
            .SelectMany(a => (IReadOnlyCollection<CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!)
            .Select(a => (string)a.Value!);
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

        Assert.NotEmpty(described.Description);
        Assert.Equal(type.Name, described.Type);
        Assert.Equal(Any("Mandatory"), described.Required);
        Assert.Equal(
            attributes.Select(a => (string?)CmdletTypes.Named(a, "ParameterSetName") ?? HelpParameter.AllSets).Order(),
            described.ParameterSets.Order()
        );
        Assert.Equal(aliases.Order(), described.Aliases.Order());
        Assert.Equal(CmdletTypes.Named(attributes[0], "Position")?.ToString() ?? "Named", described.Position);
        Assert.Equal(Any("ValueFromPipeline"), described.PipelineInput.Contains("ByValue", StringComparison.Ordinal));
        Assert.Equal(
            Any("ValueFromPipelineByPropertyName"),
            described.PipelineInput.Contains("ByPropertyName", StringComparison.Ordinal)
        );
    }

    private static HelpPage PageOf(string cmdlet)
    {
        var file = Path.Combine(CmdletTypes.Repository, "docs", "help", cmdlet + ".md");
        return HelpPage.Parse(File.ReadAllText(file), file);
    }
}
