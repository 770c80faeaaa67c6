using System.Text;
using Telepresence.Peers.Lab;

namespace Telepresence.Peers.Report;

/// <summary>The table for people.</summary>
internal static class Markdown
{
    public static string Table(Figures figures)
    {
        var text = new StringBuilder();
        text.AppendLine("| figure | unit | raw veth | ours, manager direct | ours, port-forward | direct ÷ raw |");
        text.AppendLine("| --- | --- | ---: | ---: | ---: | ---: |");
        foreach (var (name, figure) in figures.All)
        {
            var ratio = figure.Median("ours") / figure.Median("raw");
            var cells = Network.Workstations.Select(c => Cell(figure, c));
            text.AppendLine(
                System.Globalization.CultureInfo.InvariantCulture,
                $"| {name} | {figure.Unit} | {string.Join(" | ", cells)} | {Figures.Text(ratio)} |"
            );
        }
        foreach (var failure in figures.Failures.Distinct())
        {
            text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"\nFailed: {failure}");
        }
        return text.ToString();
    }

    /// <summary>Median, and the least and the greatest where there are several.</summary>
    private static string Cell(Figure figure, string column)
    {
        var values = figure.Of(column);
        var median = Figures.Text(figure.Median(column));
        return values.Count > 1 ? $"{median} ({Figures.Text(values.Min())}–{Figures.Text(values.Max())})" : median;
    }
}
