using Telepresence.Peers.Lab;
using Telepresence.Peers.Load;
using Telepresence.Peers.Report;

namespace Telepresence.Peers;

/// <summary>What is measured, and how a measurement becomes figures.</summary>
internal static class Measures
{
    private const double MiB = 1024 * 1024;
    private const double GiB = 1024 * MiB;
    private const int DatagramLength = 1200;
    private const int DatagramRate = 100_000;

    private static readonly Measure[] _all =
    [
        Bulk("tcp1_up", streams: 1, down: false),
        Bulk("tcp1_down", streams: 1, down: true),
        Bulk("tcp16_up", streams: 16, down: false),
        Bulk("tcp16_down", streams: 16, down: true),
        new(
            "connect",
            [("connect_p50", "µs"), ("connect_p99", "µs")],
            c => c.Carries(Traffic.Connections),
            (c, seconds) => AskAsync(c, ["p50", "p99"], "connect", c.Address, 1, seconds)
        ),
        new(
            "connections",
            [("connections", "connections/s")],
            c => c.Carries(Traffic.Connections),
            (c, seconds) => AskAsync(c, ["per_second"], "connect", c.Address, 32, seconds)
        ),
        new(
            "request_response",
            [("request_response_p50", "µs"), ("request_response_p99", "µs")],
            c => c.Carries(Traffic.Connections),
            (c, seconds) => AskAsync(c, ["p50", "p99"], "ping", c.Address, seconds)
        ),
        new(
            "small_request",
            [
                ("small_request_p99", "µs"),
                ("small_request_p99_beside_upload", "µs"),
                ("small_request_p99_beside_download", "µs"),
            ],
            // Three loads a run: only of what is compared.
            c => c.Engine is not null || c.Name is Ways.Raw or Ways.TcpRelay,
            TakeSmallRequestsAsync
        ),
        new(
            "udp_1200",
            [("udp_1200", "packets/s"), ("udp_1200_cpu", "µs/packet"), ("udp_1200_paced_loss", "%")],
            c => c.Carries(Traffic.Datagrams),
            TakeDatagramsAsync
        ),
        Dns("dns_cached", unique: false),
        Dns("dns_cluster", unique: true),
    ];

    /// <summary>Measures that a column is asked for again and again.</summary>
    public static IReadOnlyList<Measure> Repeated => _all;

    /// <summary>The first three rows of the targets, for a look of one minute.</summary>
    public static IReadOnlyList<string> Quick { get; } = ["tcp1_up", "tcp1_down", "tcp16_up", "tcp16_down"];

    /// <summary>Memory and start are measured apart, by <see cref="Benchmark"/>.</summary>
    public const string Memory = "memory";

    /// <inheritdoc cref="Memory"/>
    public const string Start = "start";

    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(m => m.Name), Memory, Start];

    private static async Task<double?[]> AskAsync(Column column, string[] names, params object[] words)
    {
        var result = await column.MeasureAsync(words).ConfigureAwait(false);
        return [.. names.Select(name => (double?)result[name])];
    }

    private static Measure Bulk(string name, int streams, bool down) =>
        new(
            name,
            [
                (name, "Mbit/s"),
                ($"{name}_fairness", "Jain"),
                ($"{name}_cpu", "s/GiB"),
                ($"{name}_allocated", "KiB/MiB"),
            ],
            c => c.Carries(Traffic.Bulk),
            async (column, seconds) =>
            {
                var processor = column.ProcessorTime;
                var allocated = await AllocatedAsync(column).ConfigureAwait(false);
                var result = await Iperf.RunAsync(column, streams, down, seconds).ConfigureAwait(false);
                return
                [
                    result.BitsPerSecond / 1e6,
                    result.Fairness,
                    (column.ProcessorTime - processor) * GiB / result.Bytes,
                    (await AllocatedAsync(column).ConfigureAwait(false) - allocated) / 1024.0 * MiB / result.Bytes,
                ];
            }
        );

    private static Measure Dns(string name, bool unique) =>
        new(
            name,
            [(name, "queries/s"), ($"{name}_lost", "%")],
            c => (unique ? c.Zone : c.KnownName) is not null,
            async (column, seconds) =>
            {
                var result = await DnsPerf.RunAsync(column, unique, seconds).ConfigureAwait(false);
                return [result.PerSecond, result.LostPercent];
            }
        );

    private static async Task<double?[]> TakeSmallRequestsAsync(Column column, double seconds)
    {
        var alone = await PingAsync().ConfigureAwait(false);
        return
        [
            alone,
            await BesideAsync(down: false).ConfigureAwait(false),
            await BesideAsync(down: true).ConfigureAwait(false),
        ];

        async Task<double> PingAsync() =>
            (await column.MeasureAsync("ping", column.Address, seconds).ConfigureAwait(false))["p99"];

        async Task<double> BesideAsync(bool down)
        {
            // Begins before the first request and ends after the last.
            var bulk = Iperf.RunAsync(column, streams: 1, down, seconds + 1);
            await Task.Delay(TimeSpan.FromSeconds(0.5)).ConfigureAwait(false);
            var beside = await PingAsync().ConfigureAwait(false);
            await bulk.ConfigureAwait(false);
            return beside;
        }
    }

    private static async Task<double?[]> TakeDatagramsAsync(Column column, double seconds)
    {
        const int unpaced = 0;
        var processor = column.ProcessorTime;
        var free = await column
            .MeasureAsync("udp", column.Address, column.Far, DatagramLength, unpaced, seconds)
            .ConfigureAwait(false);
        var cost = (column.ProcessorTime - processor) * 1e6 / free["arrived"];
        var paced = await column
            .MeasureAsync("udp", column.Address, column.Far, DatagramLength, DatagramRate, seconds)
            .ConfigureAwait(false);
        return [free["per_second"], cost, paced["loss"] * 100];
    }

    private static async Task<long?> AllocatedAsync(Column column) =>
        column.Engine is { } engine ? await engine.AllocatedBytesAsync().ConfigureAwait(false) : null;
}
