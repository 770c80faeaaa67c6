using Telepresence.Peers.Lab;
using Telepresence.Peers.Report;

namespace Telepresence.Peers;

/// <summary>The run: everything is started, then each measure is taken of every column in turn, again and again.</summary>
internal static class Benchmark
{
    private const int HeldFlows = 10_000;
    private const double Mega = 1e6;
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(4);

    // Until what has just been started is compiled for good, half a processor goes into that.
    private const double BulkWarmUp = 3;

    public static async Task<int> RunAsync(PeersOptions options)
    {
        Isolation.FollowParent();
        var figures = new Figures();
        var bed = await Bed.StartAsync(options, figures).ConfigureAwait(false);
        await using (bed.ConfigureAwait(false))
        {
            if (Wants(Measures.Memory))
            {
                await MeasureMemoryAsync(bed, figures).ConfigureAwait(false);
            }
            foreach (var measure in Measures.Repeated.Where(m => Wants(m.Name)))
            {
                await RepeatAsync(bed, measure, options, figures).ConfigureAwait(false);
                Progress.Say($"{measure.Name}: {figures.Short(measure.Figures[0].Name)}");
            }
            if (Wants(Measures.Start))
            {
                await MeasureStartAsync(bed, options.Runs, figures).ConfigureAwait(false);
            }
        }
        figures.TakeBestOfSlirp();
        await Console.Out.WriteLineAsync(Markdown.Text(figures, Targets.All)).ConfigureAwait(false);
        await WriteAsync(options.Json, () => JsonFile.Text(figures)).ConfigureAwait(false);
        await WriteAsync(options.Plot, () => Plot.Text(figures)).ConfigureAwait(false);
        return figures.Failures.Count == 0 ? 0 : 1;

        bool Wants(string name) => options.Only.Count == 0 || options.Only.Contains(name);
    }

    private static Task WriteAsync(string? file, Func<string> text) =>
        file is null ? Task.CompletedTask : File.WriteAllTextAsync(file, text());

    private static async Task RepeatAsync(Bed bed, Measure measure, PeersOptions options, Figures figures)
    {
        foreach (var column in bed.Columns)
        {
            if (measure.AppliesTo(column))
            {
                // Code that has just been started is compiled while it runs: not what is measured.
                var warmUp = Measures.Quick.Contains(measure.Name) ? BulkWarmUp : options.Seconds / 2;
                await TakeAsync(measure, column, warmUp, null).ConfigureAwait(false);
                continue;
            }
            foreach (var (name, unit) in measure.Figures)
            {
                figures.Of(name, unit).SetMeaningless(column.Name);
            }
        }
        for (var run = 0; run < options.Runs; run++)
        {
            foreach (var column in bed.Columns.Where(measure.AppliesTo))
            {
                await TakeAsync(measure, column, options.Seconds, figures).ConfigureAwait(false);
            }
        }
    }

    /// <param name="figures">Null: nobody wants to know, nor whether it failed.</param>
    private static async Task TakeAsync(Measure measure, Column column, double seconds, Figures? figures)
    {
        try
        {
            var values = await measure.Take(column, seconds).ConfigureAwait(false);
            foreach (var ((name, unit), value) in measure.Figures.Zip(values))
            {
                if (value is { } number && double.IsFinite(number))
                {
                    figures?.Of(name, unit).Add(column.Name, number);
                }
                else
                {
                    figures?.Of(name, unit).SetMeaningless(column.Name);
                }
            }
        }
        catch (IOException e)
        {
            // A way that fails is a result; the other ways are still worth measuring.
            Progress.Say($"{measure.Name}, {column.Name}: {e.Message}");
            figures?.Fail(measure.Name, column.Name, e.Message);
        }
    }

    private static async Task MeasureMemoryAsync(Bed bed, Figures figures)
    {
        var columns = bed.Columns.Where(c => c.Engine is not null).ToList();
        var before = columns.Select(c => c.Engine!.ProcessorTime).ToList();
        await Task.Delay(_idle).ConfigureAwait(false);
        foreach (var (column, processor) in columns.Zip(before))
        {
            var idle = (column.Engine!.ProcessorTime - processor) / _idle.TotalSeconds;
            figures.Of("cpu_idle", "%").Add(column.Name, idle * 100);
            figures.Of("memory_idle", "MB").Add(column.Name, column.Engine.ResidentMemory / Mega);
        }
        foreach (var column in columns)
        {
            try
            {
                await column.MeasureAsync("hold", column.Address, HeldFlows).ConfigureAwait(false);
                var resident = column.Engine!.ResidentMemory / Mega;
                figures.Of($"memory_{HeldFlows}_flows", "MB").Add(column.Name, resident);
                await column.MeasureAsync("release").ConfigureAwait(false);
            }
            catch (IOException e)
            {
                Progress.Say($"memory, {column.Name}: {e.Message}");
                figures.Fail(Measures.Memory, column.Name, e.Message);
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
                var engine = column.Engine;
                figures.Of("engine_start", "ms").Add(column.Name, engine.StartTime.TotalMilliseconds);
                figures.Of("engine_connect", "ms").Add(column.Name, engine.ConnectTime.TotalMilliseconds);
            }
        }
    }
}
