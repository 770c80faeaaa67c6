namespace Telepresence.Peers.Report;

/// <summary>The values of one figure.</summary>
internal sealed class Figure(string unit)
{
    private readonly Dictionary<string, List<double>> _values = [];
    private readonly HashSet<string> _meaningless = [];

    public string Unit => unit;

    /// <summary>Speeds, and Jain's index; of everything else less is better.</summary>
    public bool MoreIsBetter => unit.EndsWith("/s", StringComparison.Ordinal) || unit == "Jain";

    public void Add(string column, double value)
    {
        if (!_values.TryGetValue(column, out var values))
        {
            _values[column] = values = [];
        }
        values.Add(value);
    }

    /// <summary>The column has no such thing: another matter than one that was not measured.</summary>
    public void SetMeaningless(string column) => _meaningless.Add(column);

    public bool IsMeaningless(string column) => _meaningless.Contains(column) && Of(column).Count == 0;

    public IReadOnlyList<double> Of(string column) => _values.GetValueOrDefault(column) ?? [];

    /// <summary>The upper one of two in the middle; null without values.</summary>
    public double? Median(string column)
    {
        var sorted = Of(column).Order().ToArray();
        return sorted.Length == 0 ? null : sorted[sorted.Length / 2];
    }

    /// <summary>Makes a column of the best of some others, if any of them was measured.</summary>
    public void TakeBest(string column, IReadOnlyCollection<string> among)
    {
        var measured = among.Where(c => Of(c).Count > 0).ToList();
        if (measured.Count == 0 && among.All(IsMeaningless))
        {
            SetMeaningless(column);
        }
        if (measured.Count > 0)
        {
            _values[column] = _values[MoreIsBetter ? measured.MaxBy(Median)! : measured.MinBy(Median)!];
        }
    }
}
