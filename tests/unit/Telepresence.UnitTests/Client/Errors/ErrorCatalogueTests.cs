using System.Management.Automation;
using System.Text.RegularExpressions;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.UnitTests.Client.Errors;

public partial class ErrorCatalogueTests
{
    public static TheoryData<ErrorId> Ids => [.. Enum.GetValues<ErrorId>()];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_id_has_a_complete_entry(ErrorId id)
    {
        var entry = ErrorCatalogue.Get(id);

        Assert.Equal(id, entry.Id);
        Assert.EndsWith(".", entry.Message, StringComparison.Ordinal);
        Assert.Matches(CommandLine(), entry.RecommendedAction);
        Assert.EndsWith($"#{id}", entry.HelpAnchor, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Values_fill_every_placeholder(ErrorId id)
    {
        var entry = ErrorCatalogue.Get(id);
        var values = entry.Placeholders.Select(p => (p, (object?)$"<{p}>")).ToArray();

        var error = ErrorCatalogue.Error(id, "target", values);

        Assert.DoesNotContain('{', error.Message + error.RecommendedAction);
        Assert.All(
            entry.Placeholders,
            p => Assert.Contains($"<{p}>", error.Message + error.RecommendedAction, StringComparison.Ordinal)
        );
        Assert.Equal("target", error.TargetObject);
    }

    [Fact]
    public void A_value_that_was_not_given_reads_as_in_a_commands_help()
    {
        var error = ErrorCatalogue.Error(ErrorId.SubnetConflict, "10.0.0.0/8", ("conflict", "10.0.0.0/8 overlaps"));

        Assert.StartsWith("10.0.0.0/8 overlaps", error.Message, StringComparison.Ordinal);
        Assert.Equal("Connect-Telepresence PARAMETERS", error.RecommendedAction);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void An_error_survives_the_wire(ErrorId id)
    {
        var sent = ErrorCatalogue.Error(id, "target");

        var received = TelepresenceException.FromData(sent.ToData());

        Assert.Equal(sent.ToData(), received.ToData());
        Assert.True(received.Is(id));
    }

    [Fact]
    public void A_category_from_a_newer_engine_is_not_specified()
    {
        var received = TelepresenceException.FromData(new ErrorData("New", "NewCategory", "m", "a", null, "h"));

        Assert.Equal(TelepresenceErrorCategory.NotSpecified, received.Category);
    }

    [Fact]
    public void Categories_are_PowerShells()
    {
        Assert.All(
            Enum.GetNames<TelepresenceErrorCategory>(),
            name => Assert.True(Enum.TryParse<ErrorCategory>(name, out _), name)
        );
    }

    [GeneratedRegex(@"^(\{command\}|[A-Z][a-z]+-[A-Z]\w+|kubectl|helm|sudo)( |$)")]
    private static partial Regex CommandLine();
}
