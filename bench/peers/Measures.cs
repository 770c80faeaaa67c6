using Telepresence.Peers.Lab;

namespace Telepresence.Peers;

/// <summary>What is measured, and how a measurement becomes figures.</summary>
internal static class Measures
{
    private const double Mega = 1e6;
    private const double MiB = 1024 * 1024;

    private static readonly Measure[] _all =
    [
        Bulk("tcp1_up", "up", 1),
        Bulk("tcp1_down", "down", 1),
        Bulk("tcp16_up", "up", 16),
        Bulk("tcp16_down", "down", 16),
        Simple("connect_sequential", "connections/s", c => ["connect", c.Address, 1], "per_second"),
        Simple("connect_32", "connections/s", c => ["connect", c.Address, 32], "per_second"),
        new(
            "request_response",
            [("request_response_p50", "µs"), ("request_response_p99", "µs")],
            async (column, seconds) =>
            {
                var result = await column.MeasureAsync("ping", column.Address, seconds).ConfigureAwait(false);
                return [result["p50"], result["p99"]];
            }
        ),
        Simple("udp_64", "packets/s", c => ["udp", c.Address, c.Far, 64], "per_second"),
        Simple("udp_1200", "packets/s", c => ["udp", c.Address, c.Far, 1200], "per_second"),
        Simple("dns_cached", "queries/s", c => ["dns", c.Far, c.DnsName], "per_second"),
    ];

    /// <summary>Measures that a column is asked for again and again.</summary>
    public static IReadOnlyList<Measure> Repeated => _all;

    /// <summary>Memory and start are measured apart, by <see cref="Benchmark"/>.</summary>
    public const string Memory = "memory";

    /// <inheritdoc cref="Memory"/>
    public const string Start = "start";

    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(m => m.Name), Memory, Start];

    private static Measure Simple(string name, string unit, Func<Column, object[]> words, string figure) =>
        new(
            name,
            [(name, unit)],
            async (column, seconds) =>
            {
                var result = await column.MeasureAsync([.. words(column), seconds]).ConfigureAwait(false);
                return [result[figure]];
            }
        );

    private static Measure Bulk(string name, string direction, int streams) =>
        new(
            name,
            [
                (name, "Mbit/s"),
                ($"{name}_fairness", "Jain"),
                ($"{name}_engine_cpu", "s/GiB"),
                ($"{name}_engine_allocated", "KiB/MiB"),
            ],
            async (column, seconds) =>
            {
                var processor = column.Engine?.ProcessorTime;
                var allocated = await AllocatedAsync(column).ConfigureAwait(false);
                var result = await column
                    .MeasureAsync(direction, column.Address, streams, seconds)
                    .ConfigureAwait(false);
                var mebibytes = result["bytes"] / MiB;
                return
                [
                    result["bits_per_second"] / Mega,
                    result["fairness"],
                    (column.Engine?.ProcessorTime - processor) * 1024 / mebibytes,
                    (await AllocatedAsync(column).ConfigureAwait(false) - allocated) / 1024.0 / mebibytes,
                ];
            }
        );

    private static async Task<long?> AllocatedAsync(Column column) =>
        column.Engine is { } engine ? await engine.AllocatedBytesAsync().ConfigureAwait(false) : null;
}

/// <summary>One thing to measure.</summary>
/// <param name="Name">For <c>--only</c>.</param>
/// <param name="Figures">What comes of it: name and unit.</param>
/// <param name="Take">Measures a column for some seconds; null: the column has no such figure.</param>
internal sealed record Measure(
    string Name,
    IReadOnlyList<(string Name, string Unit)> Figures,
    Func<Column, double, Task<double?[]>> Take
);
