using System.Diagnostics;
using System.Globalization;

namespace Telepresence.Peers.Lab;

/// <summary>A process of the benchmark, spoken to in lines.</summary>
internal sealed class RunningProgram(Process process) : IDisposable
{
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <summary>Sends a line, if any, and returns the next line that comes.</summary>
    /// <exception cref="IOException">The process is silent or gone.</exception>
    public async Task<string> AskAsync(string? line)
    {
        if (line is not null)
        {
            await process.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
            await process.StandardInput.FlushAsync().ConfigureAwait(false);
        }
        return await process.StandardOutput.ReadLineAsync().WaitAsync(_patience).ConfigureAwait(false)
            ?? throw new IOException($"A process of the benchmark ended: {process.StartInfo.Arguments} {line}");
    }

    /// <summary>Skips lines up to one that contains a text, and returns it.</summary>
    public async Task<string> WaitForAsync(string text)
    {
        while (true)
        {
            var line = await AskAsync(null).ConfigureAwait(false);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    /// <summary>Resident memory, in bytes.</summary>
    public long ResidentMemory
    {
        get
        {
            var line = File.ReadLines($"/proc/{process.Id}/status")
                .First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return 1024
                * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Processor time of all threads so far, in seconds.</summary>
    public double ProcessorTime
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (
                    long.Parse(fields[11], CultureInfo.InvariantCulture)
                    + long.Parse(fields[12], CultureInfo.InvariantCulture)
                ) / TicksPerSecond;
        }
    }

    /// <summary>Ends it in order, and at last by force.</summary>
    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
            if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
            {
                process.Kill();
            }
        }
        process.Dispose();
    }
}
