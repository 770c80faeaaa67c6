namespace Telepresence.Peers.Report;

/// <summary>The values of one figure.</summary>
internal sealed class Figure(string unit)
{
    private readonly Dictionary<string, List<double>> _values = [];

    public string Unit => unit;

    public IEnumerable<string> Columns => _values.Keys;

    public void Add(string column, double value)
    {
        if (!_values.TryGetValue(column, out var values))
        {
            _values[column] = values = [];
        }
        values.Add(value);
    }

    public IReadOnlyList<double> Of(string column) => _values.GetValueOrDefault(column) ?? [];

    /// <summary>The upper one of two in the middle; null without values.</summary>
    public double? Median(string column)
    {
        var sorted = Of(column).Order().ToArray();
        return sorted.Length == 0 ? null : sorted[sorted.Length / 2];
    }
}
