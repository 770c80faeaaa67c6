using System.Globalization;
using System.Xml.Linq;
using Telepresence.Peers.Report;

namespace Telepresence.UnitTests.Peers.Report;

public class PlotTests
{
    [Fact]
    public void Each_measured_way_has_a_bar_as_long_as_its_part_of_the_raw_wire()
    {
        var figures = new Figures();
        var figure = figures.Of("tcp1_up", "Mbit/s");
        figure.Add("raw", 1000);
        figure.Add("ours", 250);
        figure.Add("forwarded", 100);
        // Neither a speed nor beside a raw wire: no part of the picture.
        figures.Of("connect_p50", "µs").Add("raw", 5);
        figures.Of("connections", "connections/s").Add("ours", 5);

        var drawing = XDocument.Parse(Plot.Text(figures)).Root!;
        var bars = drawing
            .Elements()
            .Where(e => e.Name.LocalName == "rect")
            .Select(e => double.Parse(e.Attribute("width")!.Value, CultureInfo.InvariantCulture))
            .ToArray();
        Assert.Equal("http://www.w3.org/2000/svg", drawing.Name.NamespaceName);
        Assert.Equal(3, bars.Length);
        Assert.Equal(0.25, bars[1] / bars[0], 2);
        Assert.Equal(0.1, bars[2] / bars[0], 2);
        Assert.Contains("prefers-color-scheme: dark", drawing.Value);
    }

    [Fact]
    public void What_is_faster_than_the_wire_stays_in_the_picture()
    {
        var figures = new Figures();
        figures.Of("dns_cached", "queries/s").Add("raw", 10);
        figures.Of("dns_cached", "queries/s").Add("ours", 1000);
        var drawing = XDocument.Parse(Plot.Text(figures)).Root!;
        var width = double.Parse(drawing.Attribute("width")!.Value, CultureInfo.InvariantCulture);
        var ends = drawing
            .Elements()
            .Where(e => e.Name.LocalName == "rect")
            .Select(e => e.Attributes().Where(a => a.Name.LocalName is "x" or "width").Sum(a => (double)a));
        Assert.All(ends, end => Assert.InRange(end, 0, width));
    }
}
