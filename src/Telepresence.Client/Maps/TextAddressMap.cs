using System.Text;

namespace Telepresence.Client.Maps;

/// <summary>Draws an <see cref="AddressMap"/> for a terminal: a row an entry, its bar in the scale of the outermost one.</summary>
public static class TextAddressMap
{
    /// <summary>Below this there is no room for a picture.</summary>
    public const int MinimumWidth = 60;

    private const string Reset = "\e[0m";

    /// <param name="width">Columns; at least <see cref="MinimumWidth"/> is assumed.</param>
    /// <param name="withColor">With ANSI sequences.</param>
    /// <returns>Lines, joined by the system's line end.</returns>
    public static string Render(AddressMap map, int width, bool withColor)
    {
        ArgumentNullException.ThrowIfNull(map);
        width = Math.Max(width, MinimumWidth);
        var prefixWidth = map.Entries.Select(e => e.Prefix.Length + (2 * e.Depth)).DefaultIfEmpty(0).Max() + 1;
        var barWidth = Math.Clamp((width - prefixWidth) / 3, 8, 32);
        var lines = new List<string>();
        foreach (var entry in map.Entries)
        {
            var prefix = (new string(' ', 2 * entry.Depth) + entry.Prefix).PadRight(prefixWidth);
            var text = Fit(entry.Text, width - prefixWidth - barWidth - 1);
            lines.Add($"{prefix}{Bar(entry, barWidth, withColor)} {text}".TrimEnd());
        }
        if (map.Entries.Count == 0)
            lines.Add("No routes but the default one.");
        lines.AddRange(map.Notes);
        lines.AddRange(Legend(map, width, withColor));
        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>What a kind is called in a legend.</summary>
    internal static string LegendOf(AddressMapKind kind) =>
        kind switch
        {
            AddressMapKind.Local => "local",
            AddressMapKind.Vpn => "VPN",
            AddressMapKind.Cluster => "cluster",
            AddressMapKind.Moved => "moved away",
            AddressMapKind.Virtual => "virtual",
            _ => "never proxied",
        };

    private static IEnumerable<string> Legend(AddressMap map, int width, bool withColor)
    {
        const string Gap = "   ";
        var (line, used) = ("", 0);
        foreach (var kind in map.Entries.Select(e => e.Kind).Distinct().Order())
        {
            var length = 2 + 1 + LegendOf(kind).Length;
            if (used > 0 && used + Gap.Length + length > width)
            {
                yield return line;
                (line, used) = ("", 0);
            }
            var gap = used > 0 ? Gap : "";
            line += $"{gap}{Paint(new string(SignOf(kind), 2), kind, withColor)} {LegendOf(kind)}";
            used += gap.Length + length;
        }
        if (used > 0)
            yield return line;
    }

    private static string Bar(AddressMapEntry entry, int width, bool withColor)
    {
        // However small the part: one cell shows that it is there.
        var start = Math.Min((int)Math.Floor(entry.Start * width), width - 1);
        var end = Math.Clamp((int)Math.Ceiling(entry.End * width), start + 1, width);
        var bar = new string(SignOf(entry.Kind), end - start);
        return new StringBuilder()
            .Append(' ', start)
            .Append(Paint(bar, entry.Kind, withColor))
            .Append(' ', width - end)
            .ToString();
    }

    private static char SignOf(AddressMapKind kind) =>
        kind switch
        {
            AddressMapKind.Local => '░',
            AddressMapKind.Vpn => '▒',
            AddressMapKind.Cluster => '█',
            AddressMapKind.Moved => '·',
            AddressMapKind.Virtual => '▓',
            _ => '-',
        };

    private static string Paint(string text, AddressMapKind kind, bool withColor) =>
        !withColor
            ? text
            : kind switch
            {
                AddressMapKind.Vpn => $"\e[33m{text}{Reset}",
                AddressMapKind.Cluster => $"\e[32m{text}{Reset}",
                AddressMapKind.Virtual => $"\e[36m{text}{Reset}",
                _ => $"\e[90m{text}{Reset}",
            };

    private static string Fit(string text, int width) =>
        text.Length <= width ? text : string.Concat(text.AsSpan(0, Math.Max(width - 1, 0)), "…");
}
