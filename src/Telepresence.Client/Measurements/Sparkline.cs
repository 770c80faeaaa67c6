namespace Telepresence.Client.Measurements;

/// <summary>Numbers as a line of bars.</summary>
public static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>One bar a value; where there are more values than room, one bar shows the highest of several.</summary>
    /// <param name="values">Not negative.</param>
    /// <param name="width">Most bars.</param>
    public static string Draw(IReadOnlyList<double> values, int width)
    {
        if (values.Count == 0)
        {
            return "";
        }
        var count = Math.Min(width, values.Count);
        var highest = values.Max();
        return string.Create(
            count,
            (values, highest),
            static (line, state) =>
            {
                for (var i = 0; i < line.Length; i++)
                {
                    var from = i * state.values.Count / line.Length;
                    var to = (i + 1) * state.values.Count / line.Length;
                    var value = state.values.Skip(from).Take(to - from).Max();
                    var level = state.highest > 0 ? (int)Math.Ceiling(value / state.highest * Bars.Length) - 1 : 0;
                    line[i] = Bars[Math.Clamp(level, 0, Bars.Length - 1)];
                }
            }
        );
    }
}
