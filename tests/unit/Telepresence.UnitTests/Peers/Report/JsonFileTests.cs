using System.Text.Json;
using Telepresence.Peers.Report;

namespace Telepresence.UnitTests.Peers.Report;

public class JsonFileTests
{
    [Fact]
    public void Each_figure_has_its_unit_and_each_column_its_median_or_null()
    {
        var figures = new Figures();
        foreach (var value in (double[])[3, 1, 2])
        {
            figures.Of("tcp1_up", "Mbit/s").Add("ours", value);
        }
        figures.Of("tcp1_up", "Mbit/s").Add("slirp4netns_65520", 9);
        figures.TakeBestOfSlirp();

        using var document = JsonDocument.Parse(JsonFile.Text(figures));
        var figure = document.RootElement.GetProperty("tcp1_up");
        Assert.Equal("Mbit/s", figure.GetProperty("unit").GetString());
        Assert.Equal(2, figure.GetProperty("ours").GetDouble());
        Assert.Equal(1, figure.GetProperty("ours_min").GetDouble());
        Assert.Equal(3, figure.GetProperty("ours_max").GetDouble());
        Assert.Equal(3, figure.GetProperty("ours_runs").GetInt32());
        Assert.Equal(9, figure.GetProperty("slirp4netns").GetDouble());
        foreach (var missing in (string[])["raw", "sshuttle", "upstream", "cluster", "slirp4netns_1500"])
        {
            Assert.Equal(JsonValueKind.Null, figure.GetProperty(missing).ValueKind);
        }
    }
}
