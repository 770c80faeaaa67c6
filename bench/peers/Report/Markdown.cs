using System.Globalization;
using System.Text;

namespace Telepresence.Peers.Report;

/// <summary>The report for people: figures, targets, and what was not run.</summary>
internal static class Markdown
{
    private const string NotRun = "not run";

    public static string Text(Figures figures, IReadOnlyList<Target> targets)
    {
        var text = new StringBuilder();
        AddFigures(text, figures);
        AddTargets(text, figures, targets);
        foreach (var (column, reason) in figures.NotRun)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\nNot run: {column}: {reason}");
        }
        foreach (var failure in figures.Failures.Distinct())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\nFailed: {failure}");
        }
        return text.ToString();
    }

    private static void AddFigures(StringBuilder text, Figures figures)
    {
        AddRow(text, ["figure", "unit", .. Ways.Columns.Select(w => w.Title), "direct ÷ raw"]);
        AddRow(text, ["---", "---", .. Ways.Columns.Select(_ => "---:"), "---:"]);
        foreach (var (name, figure) in figures.All)
        {
            var ratio = figure.Median(Ways.Ours) / figure.Median(Ways.Raw);
            AddRow(text, [name, figure.Unit, .. Ways.Columns.Select(w => Cell(figure, w.Name)), Figures.Text(ratio)]);
        }
    }

    private static void AddTargets(StringBuilder text, Figures figures, IReadOnlyList<Target> targets)
    {
        text.AppendLine();
        AddRow(text, ["measure", "target", "this run", "met"]);
        AddRow(text, ["---", "---", "---:", "---"]);
        foreach (var target in targets)
        {
            var verdict = target.IsMet(figures) switch
            {
                true => "yes",
                false => "**no**",
                null => NotRun,
            };
            AddRow(text, [target.Measure, target.Text, Figures.Text(target.Value(figures)), verdict]);
        }
    }

    private static void AddRow(StringBuilder text, IEnumerable<string> cells) =>
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |");

    /// <summary>Median, and the least and the greatest where there are several.</summary>
    private static string Cell(Figure figure, string column)
    {
        var values = figure.Of(column);
        var median = Figures.Text(figure.Median(column));
        return values.Count switch
        {
            0 => figure.IsMeaningless(column) ? "–" : NotRun,
            1 => median,
            _ => $"{median} ({Figures.Text(values.Min())}–{Figures.Text(values.Max())})",
        };
    }
}
