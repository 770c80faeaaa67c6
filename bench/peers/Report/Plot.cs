using System.Globalization;
using System.Xml.Linq;

namespace Telepresence.Peers.Report;

/// <summary>Each way's speeds as bars, relative to the raw wire's, as an SVG for light and dark pages.</summary>
internal static class Plot
{
    private const int Width = 760;
    private const int LabelWidth = 230;
    private const int ValueWidth = 150;
    private const int BarHeight = 14;
    private const int RowHeight = 18;
    private const int TitleHeight = 26;
    private const string Style = """
        text { font: 12px system-ui, sans-serif; fill: #1f2328 }
        .title { font-weight: 600 }
        .bar { fill: #8c959f }
        .ours { fill: #0969da }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3 }
          .bar { fill: #6e7681 }
          .ours { fill: #4493f8 }
        }
        """;

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    public static string Text(Figures figures)
    {
        var drawing = new XElement(_svg + "svg", new XElement(_svg + "style", Style));
        var y = 0;
        foreach (var (name, figure) in figures.All.Where(f => f.Figure.MoreIsBetter && f.Figure.Unit != "Jain"))
        {
            if (figure.Median(Ways.Raw) is > 0 and var raw)
            {
                y = AddFigure(drawing, name, figure, raw, y);
            }
        }
        drawing.SetAttributeValue("width", Width);
        drawing.SetAttributeValue("height", y + RowHeight);
        drawing.SetAttributeValue("viewBox", $"0 0 {Width} {y + RowHeight}");
        return drawing.ToString();
    }

    private static int AddFigure(XElement drawing, string name, Figure figure, double raw, int y)
    {
        y += TitleHeight;
        drawing.Add(Label(0, y - 6, $"{name}, as a part of the raw wire's", "title"));
        var ways = Ways.Columns.Where(w => figure.Median(w.Name) is not null).ToList();
        // Where something is faster than the raw wire, such as an answer from a cache, it sets the scale.
        var scale = Math.Max(1, ways.Max(w => figure.Median(w.Name)!.Value / raw));
        foreach (var (column, title) in ways)
        {
            var value = figure.Median(column)!.Value;
            var length = (Width - LabelWidth - ValueWidth) * value / raw / scale;
            drawing.Add(
                Label(0, y + BarHeight - 3, title, null),
                new XElement(
                    _svg + "rect",
                    new XAttribute("class", column is Ways.Ours or Ways.Forwarded or Ways.Cluster ? "bar ours" : "bar"),
                    new XAttribute("x", LabelWidth),
                    new XAttribute("y", y),
                    new XAttribute("width", length.ToString("0.#", CultureInfo.InvariantCulture)),
                    new XAttribute("height", BarHeight)
                ),
                Label(
                    LabelWidth + (int)length + 6,
                    y + BarHeight - 3,
                    $"{Figures.Text(value / raw)} ({Figures.Text(value)} {figure.Unit})",
                    null
                )
            );
            y += RowHeight;
        }
        return y;
    }

    private static XElement Label(int x, int y, string text, string? style) =>
        new(
            _svg + "text",
            new XAttribute("x", x),
            new XAttribute("y", y),
            style is null ? null : new XAttribute("class", style),
            text
        );
}
