using Telepresence.Peers.Report;

namespace Telepresence.UnitTests.Peers.Report;

public class TargetsTests
{
    [Fact]
    public void Nothing_is_told_about_what_was_not_measured() =>
        Assert.All(Targets.All, t => Assert.Null(t.IsMet(new Figures())));

    [Theory]
    [InlineData("tcp1_up", "≥ 0.3 × raw", "tcp1_up", "raw", 3000, 900, true)]
    [InlineData("tcp1_up", "≥ 0.3 × raw", "tcp1_up", "raw", 3010, 900, false)]
    [InlineData("tcp1_down", "≥ 1.2 × slirp4netns", "tcp1_down", "slirp4netns", 1000, 1199, false)]
    [InlineData("connect_p50", "≤ 300 µs above a TCP relay", "connect_p50", "tcp_relay", 200, 500, true)]
    [InlineData("connect_p50", "≤ 300 µs above a TCP relay", "connect_p50", "tcp_relay", 200, 501, false)]
    [InlineData("tcp1_up_cpu", "≤ 1.5 × slirp4netns", "tcp1_up_cpu", "slirp4netns", 2, 3.1, false)]
    public void Ours_is_compared_with_another_column(
        string measure,
        string text,
        string figure,
        string column,
        double other,
        double ours,
        bool expected
    )
    {
        var figures = new Figures();
        figures.Of(figure, "").Add(column, other);
        figures.Of(figure, "").Add("ours", ours);
        Assert.Equal(expected, Targets.All.Single(t => t.Measure == measure && t.Text == text).IsMet(figures));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(0.01, false)]
    public void No_datagram_may_be_lost(double percent, bool expected)
    {
        var figures = new Figures();
        figures.Of("udp_1200_paced_loss", "%").Add("ours", percent);
        Assert.Equal(expected, Targets.All.Single(t => t.Measure == "udp_1200_paced_loss").IsMet(figures));
    }
}
