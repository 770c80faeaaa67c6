using System.Globalization;
using System.Text;

namespace Telepresence.Client.Maps;

/// <summary>An <see cref="AddressMap"/> as a page of its own: the picture, and the same as a table.</summary>
public static class HtmlAddressMap
{
    private const string Style = """
        :root { color-scheme: light dark; }
        body { font: 14px system-ui, sans-serif; margin: 2rem; }
        figure { margin: 0 0 2rem; overflow-x: auto; }
        table { border-collapse: collapse; font: 13px ui-monospace, SFMono-Regular, Consolas, monospace; }
        th, td { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #8884; }
        """;

    /// <param name="title">Of the page.</param>
    public static string Render(AddressMap map, string title)
    {
        ArgumentNullException.ThrowIfNull(map);
        var encoded = SvgAddressMap.Escape(title);
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append(
                CultureInfo.InvariantCulture,
                $"<title>{encoded}</title><style>{Style}</style></head><body>\n<figure>"
            )
            .Append(SvgAddressMap.Render(map, title))
            .Append("</figure>\n<table><thead><tr><th>Addresses</th><th>What</th><th>Where</th></tr></thead><tbody>\n");
        foreach (var entry in map.Entries)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{SvgAddressMap.Escape(entry.Prefix)}</td><td>{TextAddressMap.LegendOf(entry.Kind)}</td><td>{SvgAddressMap.Escape(entry.Text)}</td></tr>\n"
            );
        }
        page.Append("</tbody></table>\n");
        foreach (var note in map.Notes)
            page.Append(CultureInfo.InvariantCulture, $"<p>{SvgAddressMap.Escape(note)}</p>\n");
        return page.Append("</body></html>\n").ToString();
    }
}
