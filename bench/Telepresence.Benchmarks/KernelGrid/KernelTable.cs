using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.Versioning;
using Telepresence.UnitTests.NetStack.Tcp.Grid;

namespace Telepresence.Benchmarks.KernelGrid;

/// <summary>Measures every cell of the grid with the kernel's TCP on both sides, and writes the table.</summary>
[SupportedOSPlatform("linux")]
internal static class KernelTable
{
    /// <summary>
    /// A cell ruled by chance is run so often, and the median taken: the kernel takes a doubled packet for proof that it
    /// retransmitted in vain, and then now and then one run in five is ten times as fast as the others.
    /// </summary>
    private const int Runs = 5;

    /// <summary>Most cells send little and wait much.</summary>
    private const int AtOnce = 6;

    public static void Write(string path)
    {
        var results = new ConcurrentDictionary<GridCell, ConcurrentBag<double>>();
        var runs =
            from seed in Enumerable.Range(1, Runs)
            from cell in GridCell.All
            where seed == 1 || !cell.IsSteady
            select (cell, seed);
        Parallel.ForEach(
            runs,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            run =>
            {
                var goodput = KernelTransfer.Goodput(run.cell, run.seed);
                results.GetOrAdd(run.cell, _ => []).Add(goodput);
                Console.WriteLine($"{run.seed}: {run.cell},{goodput:F3}");
            }
        );
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        string[] head =
        [
            $"# The kernel's TCP (CUBIC) on both sides of the simulated link: Linux {kernel}.",
            $"# Mbit/s of payload, median of {Runs} runs (one where no chance is involved). Made by, as root:",
            "# dotnet run -c Release --project bench/Telepresence.Benchmarks -- kernel-grid FILE",
            "# loss %,round trip ms,buffer KiB,reordering and duplication,goodput",
        ];
        File.WriteAllLines(
            path,
            [
                .. head,
                .. GridCell.All.Select(cell =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{cell},{results[cell].Order().ElementAt(results[cell].Count / 2):F3}"
                    )
                ),
            ]
        );
    }
}
