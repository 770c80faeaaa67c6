using System.Globalization;
using System.Management.Automation;
using System.Xml.Linq;
using Telepresence.PowerShell;

namespace Telepresence.UnitTests.PowerShell;

public class ModuleFilesTests
{
    private static readonly XDocument _formats = XDocument.Load(
        Path.Combine(CmdletTypes.Repository, "module", "Telepresence.format.ps1xml")
    );

    public static TheoryData<string> Names => [.. TypeNames.All.Values];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_type_has_a_table_and_a_list(string name)
    {
        var views = _formats
            .Descendants("View")
            .Where(v => v.Descendants("TypeName").Any(t => t.Value == name))
            .ToList();

        Assert.Single(views, v => v.Element("TableControl") is not null);
        Assert.Single(views, v => v.Element("ListControl") is not null);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Tables_fit_100_columns_and_name_what_exists(string name)
    {
        var type = TypeNames.All.Single(t => t.Value == name).Key;
        var views = _formats
            .Descendants("View")
            .Where(v => v.Descendants("TypeName").Any(t => t.Value == name))
            .ToList();
        var table = views.Elements("TableControl").Single();
        var labels = table.Descendants("Label").Select(l => l.Value.Length).ToList();

        // Columns are as wide as what is in them, or, where rows come one by one, as they are told; what does not fit goes on
        // in the next line.
        var widths = table.Descendants("Width").Select(w => int.Parse(w.Value, CultureInfo.InvariantCulture)).ToList();
        if (widths.Count > 0)
        {
            Assert.Equal(labels.Count, widths.Count);
            Assert.InRange(widths.Sum() + widths.Count - 1, 1, 100);
        }
        else
        {
            Assert.NotNull(table.Element("AutoSize"));
        }
        Assert.All(table.Descendants("TableRowEntry"), row => Assert.NotNull(row.Element("Wrap")));
        Assert.InRange(labels.Sum() + labels.Count - 1, 1, 100);
        Assert.All(views.Descendants("PropertyName"), p => Assert.NotNull(type.GetProperty(p.Value)));
        Assert.All(
            views.SelectMany(v => v.Descendants("TypeName")),
            t => Assert.Contains(t.Value, new[] { name, type.FullName })
        );
    }

    [Fact]
    public void The_manifest_exports_exactly_the_cmdlets()
    {
        Assert.Equal(CmdletTypes.All.Keys.Order(), ModuleManifest.Cmdlets.Order());
    }

    [Fact]
    public void Every_cmdlet_says_what_it_writes()
    {
        Assert.All(
            CmdletTypes.All,
            c => Assert.True(CmdletTypes.AttributesOf<OutputTypeAttribute>(c.Value).Any(), $"{c.Key} has no OutputType")
        );
    }

    [Fact]
    public void Every_cmdlet_that_changes_something_can_be_asked_what_it_would_do()
    {
        string[] changing = ["Connect", "Disconnect", "Repair", "Start", "Stop"];

        Assert.All(
            CmdletTypes.All.Where(c => changing.Contains(c.Key.Split('-')[0])),
            c => Assert.True(CmdletTypes.SupportsShouldProcess(c.Value), c.Key)
        );
    }
}
