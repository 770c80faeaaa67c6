using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.UnitTests.TrafficManager.Compatibility;

public class ManagerReleaseTests
{
    [Theory]
    [InlineData("2.20", "v2.20.2")]
    [InlineData("2.22", "v2.22.4")]
    [InlineData("v2.22.5", "v2.22.5")]
    [InlineData("2.25", "v2.25.0")]
    [InlineData("2.31", "v2.31.0")]
    public void Is_read_with_two_numbers_or_three(string text, string name) =>
        Assert.Equal(name, ManagerRelease.Parse(text).Name);

    [Theory]
    [InlineData("2.19.6")]
    [InlineData("3.0")]
    [InlineData("2")]
    [InlineData("2.25.0.1")]
    [InlineData("latest")]
    [InlineData("")]
    public void Anything_else_is_none(string text)
    {
        Assert.False(ManagerRelease.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ManagerRelease.Parse(text));
    }
}
