namespace Telepresence.PesterTests;

/// <summary>Each It of tests/pester as a test of its own. pwsh runs once for all of them.</summary>
public class PesterItTests(PesterRun run) : IClassFixture<PesterRun>
{
    public static TheoryData<string, string> Its
    {
        get
        {
            var its = new TheoryData<string, string>();
            foreach (var (file, name) in PesterDiscovery.All)
            {
                its.Add(file, name);
            }
            return its;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Its))]
    public void It(string file, string name)
    {
        Skip.If(run.SkipReason is not null, run.SkipReason);
        var results = run.Results.Where(r => r.File == file && (r.Name == name || r.Name == "*")).ToList();
        Assert.True(results.Count > 0, $"'{name}' was found in {file}, but did not run.\n{run.Output}");
        Assert.All(results, r => Assert.True(r.Result is "Passed" or "Skipped" or "NotRun", r.Message));
        Skip.If(results.All(r => r.Result == "Skipped"), results[0].Message);
        Skip.If(results.All(r => r.Result == "NotRun"), run.NoNetworkReason);
    }

    [Fact]
    public void The_suite_is_not_empty() => Assert.NotEmpty(PesterDiscovery.All);

    [Fact]
    public void Titles_are_unique_in_a_file() =>
        Assert.Equal(PesterDiscovery.All.Count, PesterDiscovery.All.Distinct().Count());
}
