using Telepresence.TrafficManager.Discovery;

namespace Telepresence.UnitTests.TrafficManager.Discovery;

public sealed class NamespaceSelectorTests
{
    private static readonly Dictionary<string, string> _labels = new() { ["team"] = "a" };

    [Theory]
    [InlineData("matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, other]}]", true)]
    [InlineData("matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]", false)]
    [InlineData("matchExpressions: [{key: team, operator: NotIn, values: [b]}]", true)]
    [InlineData("matchExpressions: [{key: none, operator: NotIn, values: [b]}]", true)]
    [InlineData("matchExpressions: [{key: none, operator: In, values: [b]}]", false)]
    [InlineData("matchExpressions: [{key: team, operator: Exists}, {key: none, operator: DoesNotExist}]", true)]
    [InlineData("matchExpressions: [{key: team, operator: DoesNotExist}]", false)]
    [InlineData("matchLabels: {team: a}", true)]
    [InlineData("matchLabels: {team: a, other: b}", false)]
    public void All_requirements_count(string yaml, bool matches) =>
        Assert.Equal(matches, NamespaceSelector.Parse(yaml)!.Matches("shop", _labels));

    [Fact]
    public void Only_one_list_of_names_needs_no_look_at_the_cluster()
    {
        const string names = "{key: kubernetes.io/metadata.name, operator: In, values: [shop, other]}";
        Assert.Equal(["shop", "other"], NamespaceSelector.Parse($"matchExpressions: [{names}]")!.Names);
        Assert.Null(NamespaceSelector.Parse($"matchExpressions: [{names}, {{key: team, operator: Exists}}]")!.Names);
        Assert.Null(NamespaceSelector.Parse("matchLabels: {team: a}")!.Names);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("{}")]
    public void Without_requirements_there_is_no_selector(string? yaml) => Assert.Null(NamespaceSelector.Parse(yaml));

    [Theory]
    [InlineData("matchExpressions: [{key: a, operator: Like, values: [b]}]")]
    [InlineData("matchLabels: [")]
    [InlineData("namespaces: [shop]")]
    public void What_is_no_selector_is_refused(string yaml) =>
        Assert.Throws<FormatException>(() => NamespaceSelector.Parse(yaml));
}
