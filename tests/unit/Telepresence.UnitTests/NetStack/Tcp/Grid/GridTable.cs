using System.Globalization;

namespace Telepresence.UnitTests.NetStack.Tcp.Grid;

/// <summary>A table of the grid's cells: comments, then a row a cell with its goodputs in Mbit/s.</summary>
internal static class GridTable
{
    private const int KeyColumns = 4;

    /// <summary>A checked-in table, beside the test's assembly.</summary>
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "NetStack", "Tcp", "Grid", name);

    public static IReadOnlyDictionary<string, double[]> Read(string path) =>
        File.ReadLines(path)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(','))
            .ToDictionary(
                parts => string.Join(',', parts[..KeyColumns]),
                parts => parts[KeyColumns..].Select(p => double.Parse(p, CultureInfo.InvariantCulture)).ToArray()
            );

    public static string Format(GridCell cell, params double[] goodputs) =>
        $"{cell},{string.Join(',', goodputs.Select(g => g.ToString("F3", CultureInfo.InvariantCulture)))}";
}
