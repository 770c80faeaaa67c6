using System.Globalization;
using System.Net;
using System.Text;

namespace Telepresence.Client.Maps;

/// <summary>Draws an <see cref="AddressMap"/> as SVG: a row an entry, and an arrow from what was moved to where it is now.</summary>
public static class SvgAddressMap
{
    private const int RowHeight = 24;
    private const int Top = 44;
    private const int PrefixWidth = 260;
    private const int BarWidth = 360;
    private const int TextWidth = 420;
    private const int BarHeight = 14;

    /// <summary>Colours for light and dark surroundings; the names are the kinds'.</summary>
    internal const string Style = """
        .map { font: 13px ui-monospace, SFMono-Regular, Consolas, monospace; fill: #24292f; }
        .map .title { font-weight: bold; }
        .map .note { fill: #6e7781; }
        .map .local { fill: #afb8c1; } .map .vpn { fill: #d4a72c; } .map .cluster { fill: #2da44e; }
        .map .moved { fill: none; stroke: #cf222e; stroke-dasharray: 3 2; } .map .virtual { fill: #218bff; }
        .map .neverproxied { fill: #8250df; }
        .map .arrow { fill: none; stroke: #cf222e; stroke-width: 1.5; }
        @media (prefers-color-scheme: dark) { .map { fill: #e6edf3; } .map .note { fill: #9198a1; } }
        """;

    /// <param name="title">Shown above, and told to screen readers.</param>
    public static string Render(AddressMap map, string title)
    {
        ArgumentNullException.ThrowIfNull(map);
        var notes = map.Notes.ToList();
        var height = Top + (RowHeight * (map.Entries.Count + notes.Count + 1)) + 8;
        const int Width = PrefixWidth + BarWidth + TextWidth;
        var svg = new StringBuilder();
        svg.Append(
                CultureInfo.InvariantCulture,
                $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" role=\"img\">"
            )
            .Append(CultureInfo.InvariantCulture, $"<title>{Escape(title)}</title><style>{Style}</style>")
            .Append(
                "<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"6\" refY=\"4\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#cf222e\"/></marker></defs>"
            )
            .Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"8\" y=\"24\">{Escape(title)}</text>");
        for (var i = 0; i < map.Entries.Count; i++)
            AppendRow(svg, map.Entries[i], i);
        AppendArrows(svg, map);
        for (var i = 0; i < notes.Count; i++)
        {
            var y = Top + (RowHeight * (map.Entries.Count + i)) + 16;
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"note\" x=\"8\" y=\"{y}\">{Escape(notes[i])}</text>"
            );
        }
        AppendLegend(svg, map, Top + (RowHeight * (map.Entries.Count + notes.Count)) + 16);
        return svg.Append("</svg>").ToString();
    }

    internal static string ClassOf(AddressMapKind kind) => kind.ToString().ToLowerInvariant();

    internal static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static void AppendRow(StringBuilder svg, AddressMapEntry entry, int row)
    {
        var y = Top + (RowHeight * row);
        var (x, width) = BarOf(entry);
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<g><text x=\"{8 + (14 * entry.Depth)}\" y=\"{y + 13}\">{Escape(entry.Prefix)}</text><rect class=\"{ClassOf(entry.Kind)}\" x=\"{x:0.#}\" y=\"{y + 2}\" width=\"{width:0.#}\" height=\"{BarHeight}\" rx=\"2\"/><text x=\"{PrefixWidth + BarWidth + 12}\" y=\"{y + 13}\">{Escape(entry.Text)}</text></g>"
        );
    }

    private static (double X, double Width) BarOf(AddressMapEntry entry)
    {
        var width = Math.Max((entry.End - entry.Start) * BarWidth, 3);
        var x = PrefixWidth + Math.Min(entry.Start * BarWidth, BarWidth - width);
        return (x, width);
    }

    private static void AppendArrows(StringBuilder svg, AddressMap map)
    {
        for (var from = 0; from < map.Entries.Count; from++)
        {
            var moved = map.Entries[from];
            if (moved.MovedTo.Length == 0)
                continue;
            for (var to = 0; to < map.Entries.Count; to++)
            {
                var place = map.Entries[to];
                if (place.Kind != AddressMapKind.Virtual || place.Prefix != moved.MovedTo)
                    continue;
                var (x1, w1) = BarOf(moved);
                var (x2, w2) = BarOf(place);
                var (right1, right2) = (x1 + w1, x2 + w2);
                var bend = Math.Max(right1, right2) + 24;
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<path class=\"arrow\" marker-end=\"url(#tip)\" d=\"M{right1:0.#} {MiddleOf(from)} C{bend:0.#} {MiddleOf(from)} {bend:0.#} {MiddleOf(to)} {right2 + 2:0.#} {MiddleOf(to)}\"/>"
                );
            }
        }
    }

    private static int MiddleOf(int row) => Top + (RowHeight * row) + 2 + (BarHeight / 2);

    private static void AppendLegend(StringBuilder svg, AddressMap map, int y)
    {
        var x = 8;
        foreach (var kind in map.Entries.Select(e => e.Kind).Distinct().Order())
        {
            var text = TextAddressMap.LegendOf(kind);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"{ClassOf(kind)}\" x=\"{x}\" y=\"{y - 11}\" width=\"14\" height=\"{BarHeight}\" rx=\"2\"/><text x=\"{x + 20}\" y=\"{y}\">{text}</text>"
            );
            x += 48 + (8 * text.Length);
        }
    }
}
