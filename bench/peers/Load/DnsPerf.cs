using System.Globalization;
using System.Text.RegularExpressions;
using Telepresence.Peers.Lab;

namespace Telepresence.Peers.Load;

/// <summary>DNS queries by dnsperf, up to 100 in flight.</summary>
internal static partial class DnsPerf
{
    public const string Program = "dnsperf";

    // More than any way can ask for in a run through the cluster; a cached run has one.
    private const int UniqueNames = 100_000;

    private static int _runs;

    /// <param name="unique">Each name is asked for once, so that no cache knows it; else always the same.</param>
    /// <exception cref="IOException">It ended with an error.</exception>
    public static async Task<DnsPerfResult> RunAsync(Column column, bool unique, double seconds)
    {
        var run = Interlocked.Increment(ref _runs);
        var names = unique
            ? Enumerable.Range(0, UniqueNames).Select(i => $"u{run}-{i}.{column.Zone}")
            : [column.KnownName!];
        var file = $"/run/{column.Name}.queries";
        await File.WriteAllLinesAsync(file, names.Select(n => $"{n} A")).ConfigureAwait(false);
        string[] arguments =
        [
            .. $"-s {column.Far} -d {file} -l".Split(' '),
            Math.Max(1, Math.Round(seconds)).ToString(CultureInfo.InvariantCulture),
            .. "-q 100 -t 5".Split(' '),
        ];
        return Parse(await Network.OutputOfAsync(column.Workstation, Program, arguments).ConfigureAwait(false));
    }

    /// <summary>Reads dnsperf's summary.</summary>
    /// <exception cref="IOException">It is none, or answers were not what was asked for.</exception>
    public static DnsPerfResult Parse(string output)
    {
        var (rate, lost, good) = (Rate().Match(output), Lost().Match(output), Good().Match(output));
        if (!rate.Success || !lost.Success)
        {
            throw new IOException($"{Program} said: {output[..Math.Min(output.Length, 200)]}");
        }
        return good.Success && Number(good) > 99
            ? new(Number(rate), Number(lost))
            : throw new IOException($"{Program}: not every answer was NOERROR");
    }

    private static double Number(Match match) => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"Queries per second:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"Queries lost:\s+\d+ \(([\d.]+)%\)")]
    private static partial Regex Lost();

    [GeneratedRegex(@"Response codes:.*NOERROR \d+ \(([\d.]+)%\)")]
    private static partial Regex Good();
}
