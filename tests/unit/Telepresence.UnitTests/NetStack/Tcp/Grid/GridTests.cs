namespace Telepresence.UnitTests.NetStack.Tcp.Grid;

/// <summary>
/// The stack over every link of the grid, in virtual time: exact, so that a change of any figure is a change of the code.
/// </summary>
public class GridTests
{
    /// <summary>Of what the Linux kernel's TCP reaches over the same link.</summary>
    private const double LeastOfKernel = 0.8;

    private static readonly string[] _head =
    [
        "# The stack's goodput over the simulated links, Mbit/s of payload (GridTests says how it is made):",
        "# loss %,round trip ms,buffer KiB,reordering and duplication,stack sends,stack receives",
    ];

    private static readonly Lazy<IReadOnlyList<(GridCell Cell, double Down, double Up)>> _results = new(Run);

    [Fact]
    public void Goodput_is_what_the_checked_in_table_says()
    {
        string[] actual = [.. _head, .. _results.Value.Select(r => GridTable.Format(r.Cell, r.Down, r.Up))];
        var path = Path.Combine(AppContext.BaseDirectory, "grid.actual.csv");
        File.WriteAllLines(path, actual);
        var expected = File.ReadAllLines(GridTable.PathOf("grid.csv"));

        Assert.True(
            expected.SequenceEqual(actual),
            "The grid has changed. If that is meant, say why in the commit and take the new table:\n"
                + $"cp {path} tests/unit/Telepresence.UnitTests/NetStack/Tcp/Grid/grid.csv\n"
                + string.Join('\n', actual.Except(expected).Take(20))
        );
    }

    [Fact]
    public void Goodput_is_near_the_kernels_or_above()
    {
        var kernel = GridTable.Read(GridTable.PathOf("kernel.csv"));
        var low =
            from result in _results.Value
            let least = LeastOfKernel * kernel[result.Cell.ToString()][0]
            where result.Down < least || result.Up < least
            select $"{GridTable.Format(result.Cell, result.Down, result.Up)}; least: {least:F3}";

        Assert.Empty(low);
    }

    [Fact]
    public void No_transfer_stalls()
    {
        // The slowest link, 10 % loss at 200 ms, still lets more through than this in the worst run.
        Assert.All(_results.Value, result => Assert.True(Math.Min(result.Down, result.Up) > 0.05, $"{result}"));
    }

    private static (GridCell Cell, double Down, double Up)[] Run() =>
        [
            .. GridCell
                .All.AsParallel()
                .AsOrdered()
                .Select(cell => (cell, Median(cell, down: true), Median(cell, down: false))),
        ];

    /// <summary>
    /// A cell ruled by chance is run so often, and the median taken, as the kernel's was. Long links vary most, and take
    /// least time to simulate.
    /// </summary>
    private static int Runs(GridCell cell) =>
        cell.IsSteady ? 1
        : cell.RoundTripMilliseconds > 0 ? 5
        : 3;

    private static double Median(GridCell cell, bool down) =>
        Enumerable
            .Range(1, Runs(cell))
            .Select(seed => GridRun.Goodput(cell, down, seed))
            .Order()
            .ElementAt(Runs(cell) / 2);
}
