using System.Globalization;

namespace Telepresence.Peers.Report;

/// <summary>All values of a run, by figure and column, in the order they came.</summary>
internal sealed class Figures
{
    private readonly Dictionary<string, Figure> _figures = [];
    private readonly List<string> _failures = [];

    public IEnumerable<(string Name, Figure Figure)> All => _figures.Select(f => (f.Key, f.Value));

    /// <summary>Measurements that did not come to an end.</summary>
    public IReadOnlyList<string> Failures => _failures;

    public void Add(string name, string unit, string column, double value)
    {
        if (!_figures.TryGetValue(name, out var figure))
        {
            _figures[name] = figure = new Figure(unit);
        }
        figure.Add(column, value);
    }

    public void Fail(string measure, string column) => _failures.Add($"{measure}, {column}");

    /// <summary>One line on one figure.</summary>
    public string Short(string name) =>
        _figures.TryGetValue(name, out var figure)
            ? string.Join(", ", figure.Columns.Select(c => $"{c} {Text(figure.Median(c))}")) + $" {figure.Unit}"
            : "nothing";

    /// <summary>As many digits as mean something.</summary>
    public static string Text(double? value) =>
        value switch
        {
            null => "–",
            >= 100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
            _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
        };
}
