using Telepresence.Peers.Report;

namespace Telepresence.UnitTests.Peers.Report;

public class FiguresTests
{
    [Fact]
    public void The_median_is_the_middle_of_the_runs()
    {
        var figure = new Figure("µs");
        foreach (var value in (double[])[9, 1, 5])
        {
            figure.Add("ours", value);
        }
        Assert.Equal(5, figure.Median("ours"));
        Assert.Null(figure.Median("raw"));
    }

    [Theory]
    [InlineData("Mbit/s", 40)]
    [InlineData("Jain", 40)]
    [InlineData("s/GiB", 30)]
    [InlineData("µs", 30)]
    public void Of_slirp_the_better_mtu_counts(string unit, double expected)
    {
        var figures = new Figures();
        figures.Of("f", unit).Add("slirp4netns_1500", 30);
        figures.Of("f", unit).Add("slirp4netns_65520", 40);
        figures.Of("g", unit).Add("slirp4netns_1500", 7);
        figures.TakeBestOfSlirp();

        Assert.Equal(expected, figures.Median("f", "slirp4netns"));
        Assert.Equal(7, figures.Median("g", "slirp4netns"));
    }

    [Fact]
    public void What_no_mtu_has_is_not_slirps()
    {
        var figures = new Figures();
        figures.Of("f", "µs").SetMeaningless("slirp4netns_1500");
        figures.Of("f", "µs").SetMeaningless("slirp4netns_65520");
        figures.TakeBestOfSlirp();
        Assert.True(figures.Of("f", "µs").IsMeaningless("slirp4netns"));
    }
}
