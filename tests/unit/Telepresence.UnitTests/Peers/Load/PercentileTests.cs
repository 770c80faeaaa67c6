using Telepresence.Peers.Load;

namespace Telepresence.UnitTests.Peers.Load;

public class PercentileTests
{
    [Theory]
    [InlineData(0.5, 50)]
    [InlineData(0.99, 99)]
    [InlineData(1, 100)]
    [InlineData(0, 1)]
    public void Is_the_nearest_rank(double rank, double expected) =>
        Assert.Equal(expected, Percentile.Of([.. Enumerable.Range(1, 100).Reverse().Select(i => (double)i)], rank));

    [Fact]
    public void Of_nothing_is_no_number() => Assert.Equal(double.NaN, Percentile.Of([], 0.5));
}
