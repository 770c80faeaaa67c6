using System.Globalization;

namespace Telepresence.Peers.Report;

/// <summary>All values of a run, by figure and column, in the order they came.</summary>
internal sealed class Figures
{
    private readonly Dictionary<string, Figure> _figures = [];
    private readonly Dictionary<string, string> _notRun = [];
    private readonly List<string> _failures = [];

    public IEnumerable<(string Name, Figure Figure)> All => _figures.Select(f => (f.Key, f.Value));

    /// <summary>Columns that did not run, and why.</summary>
    public IReadOnlyDictionary<string, string> NotRun => _notRun;

    /// <summary>Measurements that did not come to an end.</summary>
    public IReadOnlyList<string> Failures => _failures;

    /// <summary>The figure of that name, which is made where there is none.</summary>
    public Figure Of(string name, string unit)
    {
        if (!_figures.TryGetValue(name, out var figure))
        {
            _figures[name] = figure = new Figure(unit);
        }
        return figure;
    }

    /// <summary>Null: not measured in this run.</summary>
    public double? Median(string name, string column) => _figures.GetValueOrDefault(name)?.Median(column);

    public void SetNotRun(string column, string reason) => _notRun[column] = reason;

    public void Fail(string measure, string column, string reason) => _failures.Add($"{measure}, {column}: {reason}");

    /// <summary>Makes the column for slirp4netns of those for each MTU: at each figure the best counts.</summary>
    public void TakeBestOfSlirp()
    {
        foreach (var figure in _figures.Values)
        {
            figure.TakeBest(Ways.Slirp, [.. Ways.SlirpMtus.Select(Ways.SlirpAt)]);
        }
    }

    /// <summary>One line on one figure.</summary>
    public string Short(string name) =>
        _figures.TryGetValue(name, out var figure)
            ? string.Join(
                ", ",
                Ways.Columns.Select(w => w.Name)
                    .Concat(Ways.SlirpMtus.Select(Ways.SlirpAt))
                    .Where(c => figure.Of(c).Count > 0)
                    .Select(c => $"{c} {Text(figure.Median(c))}")
            ) + $" {figure.Unit}"
            : "nothing";

    /// <summary>As many digits as mean something.</summary>
    public static string Text(double? value) =>
        value switch
        {
            null or double.NaN or double.PositiveInfinity => "–",
            >= 100 or <= -100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
            _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
        };
}
