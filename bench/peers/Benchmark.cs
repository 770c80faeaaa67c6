using Telepresence.Peers.Lab;
using Telepresence.Peers.Report;

namespace Telepresence.Peers;

/// <summary>The run: everything is started, then each measure is taken of every column in turn, again and again.</summary>
internal static class Benchmark
{
    private const int HeldFlows = 2000;
    private const double Mega = 1e6;

    public static async Task<int> RunAsync(PeersOptions options)
    {
        Isolation.FollowParent();
        var figures = new Figures();
        var bed = await Bed.StartAsync().ConfigureAwait(false);
        await using (bed.ConfigureAwait(false))
        {
            if (Wants(Measures.Memory))
            {
                await MeasureMemoryAsync(bed, figures).ConfigureAwait(false);
            }
            foreach (var measure in Measures.Repeated.Where(m => Wants(m.Name)))
            {
                await WarmUpAsync(bed, measure).ConfigureAwait(false);
                for (var run = 0; run < options.Runs; run++)
                {
                    foreach (var column in bed.Columns)
                    {
                        await TakeAsync(measure, column, options.Seconds, figures).ConfigureAwait(false);
                    }
                }
                Progress.Say($"{measure.Name}: {figures.Short(measure.Figures[0].Name)}");
            }
            if (Wants(Measures.Start))
            {
                await MeasureStartAsync(bed, options.Runs, figures).ConfigureAwait(false);
            }
        }
        await Console.Out.WriteLineAsync(Markdown.Table(figures)).ConfigureAwait(false);
        if (options.Json is { } file)
        {
            await File.WriteAllTextAsync(file, JsonFile.Text(figures)).ConfigureAwait(false);
        }
        return figures.Failures.Count == 0 ? 0 : 1;

        bool Wants(string name) => options.Only.Count == 0 || options.Only.Contains(name);
    }

    /// <summary>Code that has just been started is compiled while it runs: not what is measured.</summary>
    private static async Task WarmUpAsync(Bed bed, Measure measure)
    {
        foreach (var column in bed.Columns)
        {
            await TakeAsync(measure, column, 0.4, null).ConfigureAwait(false);
        }
    }

    private static async Task TakeAsync(Measure measure, Column column, double seconds, Figures? figures)
    {
        try
        {
            var values = await measure.Take(column, seconds).ConfigureAwait(false);
            foreach (var ((name, unit), value) in measure.Figures.Zip(values))
            {
                if (value is { } number && double.IsFinite(number))
                {
                    figures?.Add(name, unit, column.Name, number);
                }
            }
        }
        catch (IOException e)
        {
            // A way that fails is a result; the other ways are still worth measuring.
            Progress.Say($"{measure.Name}, {column.Name}: {e.Message}");
            figures?.Fail(measure.Name, column.Name);
        }
    }

    private static async Task MeasureMemoryAsync(Bed bed, Figures figures)
    {
        foreach (var column in bed.Columns.Where(c => c.Engine is not null))
        {
            figures.Add("memory_idle", "MB", column.Name, column.Engine!.ResidentMemory / Mega);
            try
            {
                await column.MeasureAsync("hold", column.Address, HeldFlows).ConfigureAwait(false);
                figures.Add($"memory_{HeldFlows}_flows", "MB", column.Name, column.Engine.ResidentMemory / Mega);
                await column.MeasureAsync("release").ConfigureAwait(false);
            }
            catch (IOException e)
            {
                Progress.Say($"memory, {column.Name}: {e.Message}");
                figures.Fail(Measures.Memory, column.Name);
            }
        }
    }

    /// <summary>Ends with engines that have just been started: comes last.</summary>
    private static async Task MeasureStartAsync(Bed bed, int runs, Figures figures)
    {
        for (var run = 0; run < runs; run++)
        {
            foreach (var column in bed.Columns.Where(c => c.Engine is not null))
            {
                await column.Engine!.DisposeAsync().ConfigureAwait(false);
                column.Engine = await bed.StartEngineAsync(column.Name).ConfigureAwait(false);
                figures.Add("engine_start", "ms", column.Name, column.Engine.StartTime.TotalMilliseconds);
                figures.Add("engine_connect", "ms", column.Name, column.Engine.ConnectTime.TotalMilliseconds);
            }
        }
    }
}
