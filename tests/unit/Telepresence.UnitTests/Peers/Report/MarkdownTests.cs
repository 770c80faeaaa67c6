using Telepresence.Peers.Report;

namespace Telepresence.UnitTests.Peers.Report;

public class MarkdownTests
{
    private readonly Figures _figures = new();

    public MarkdownTests()
    {
        foreach (var value in (double[])[2000, 3000, 2500])
        {
            _figures.Of("tcp1_up", "Mbit/s").Add("ours", value);
        }
        _figures.Of("tcp1_up", "Mbit/s").Add("raw", 10_000);
        _figures.Of("tcp1_up", "Mbit/s").SetMeaningless("websocket");
    }

    [Fact]
    public void A_cell_is_a_median_with_its_range_or_says_that_it_was_not_run()
    {
        var row = Row("| tcp1_up | Mbit/s |");
        Assert.Equal(
            ["10,000", "2,500 (2,000–3,000)", .. Enumerable.Repeat("not run", 6), "–", "not run", "0.25"],
            row[2..]
        );
        Assert.Equal(Ways.Columns.Count + 3, row.Length);
    }

    [Fact]
    public void Targets_are_met_or_not_or_cannot_be_told()
    {
        Assert.Equal("**no**", Row("| a |")[^1]);
        Assert.Equal("yes", Row("| b |")[^1]);
        Assert.Equal(["c", "less", "–", "not run"], Row("| c |"));
    }

    [Fact]
    public void Reasons_are_told()
    {
        _figures.SetNotRun("sshuttle", "sshd is not installed");
        _figures.Fail("udp_1200", "ours", "no datagram arrives");
        var text = Text();
        Assert.Contains("Not run: sshuttle: sshd is not installed", text);
        Assert.Contains("Failed: udp_1200, ours: no datagram arrives", text);
    }

    private string[] Row(string beginning) =>
        Text()
            .Split('\n')
            .Single(l => l.StartsWith(beginning))
            .Trim()
            .Trim('|')
            .Split('|', StringSplitOptions.TrimEntries);

    private string Text() =>
        Markdown.Text(
            _figures,
            [
                new Target("a", "more", 0.3, IsMinimum: true, f => f.Median("tcp1_up", "ours") / 10_000),
                new Target("b", "more", 0.25, IsMinimum: true, f => f.Median("tcp1_up", "ours") / 10_000),
                new Target("c", "less", 1, IsMinimum: false, f => f.Median("tcp1_up", "sshuttle")),
            ]
        );
}
