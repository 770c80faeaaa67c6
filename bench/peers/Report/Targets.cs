namespace Telepresence.Peers.Report;

/// <summary>The targets of the data path, as ratios within one run or as figures of the test machine.</summary>
internal static class Targets
{
    private const double DatagramRate = 100_000;

    public static IReadOnlyList<Target> All { get; } =
    [
        .. new[] { "tcp1_up", "tcp1_down" }.SelectMany(OneStream),
        .. new[] { "up", "down" }.SelectMany(SixteenStreams),
        Most("connect_p50", "≤ 300 µs above a TCP relay", 300, f => Above(f, "connect_p50", Ways.TcpRelay)),
        Most("connect_p99", "≤ 2 ms above a TCP relay", 2000, f => Above(f, "connect_p99", Ways.TcpRelay)),
        Most("request_response_p50", "≤ 1 ms, port-forward", 1000, Of("request_response_p50", Ways.Forwarded)),
        Least("connections", "≥ 5,000/s", 5000, Of("connections", Ways.Ours)),
        Least("connections", "≥ 1,500/s, port-forward", 1500, Of("connections", Ways.Forwarded)),
        Most("memory_10000_flows", "≤ 250 MB", 250, Of("memory_10000_flows", Ways.Ours)),
        Most("memory_idle", "≤ 80 MB", 80, Of("memory_idle", Ways.Ours)),
        // A tick of the kernel's clock in two seconds is half a percent.
        Most("cpu_idle", "0 %", 0.5, Of("cpu_idle", Ways.Ours)),
        Least("udp_1200", "≥ 100,000 packets/s", DatagramRate, Of("udp_1200", Ways.Ours)),
        Most("udp_1200_paced_loss", "none at 100,000 packets/s", 0, Of("udp_1200_paced_loss", Ways.Ours)),
        Least("dns_cached", "≥ 60,000/s", 60_000, Of("dns_cached", Ways.Ours)),
        Least("dns_cluster", "≥ 5,000/s", 5000, Of("dns_cluster", Ways.Ours)),
        .. new[] { "tcp1_up_cpu", "tcp1_down_cpu" }.Select(name =>
            Most(name, "≤ 1.5 × slirp4netns", 1.5, Ratio(name, Ways.Ours, Ways.Slirp))
        ),
        .. new[] { "upload", "download" }.Select(bulk =>
            Most(
                $"small_request_p99_beside_{bulk}",
                "≤ 2 ms more than without",
                2000,
                f => f.Median($"small_request_p99_beside_{bulk}", Ways.Ours) - f.Median("small_request_p99", Ways.Ours)
            )
        ),
    ];

    private static IEnumerable<Target> OneStream(string name) =>
        [
            Least(name, "≥ 0.3 × raw", 0.3, Ratio(name, Ways.Ours, Ways.Raw)),
            Least(name, "≥ 1.2 × slirp4netns", 1.2, Ratio(name, Ways.Ours, Ways.Slirp)),
            Least(name, "≥ 5 × sshuttle", 5, Ratio(name, Ways.Ours, Ways.Sshuttle)),
            Least(name, "≥ 0.9 × a bare port-forward, real API server", 0.9, Ratio(name, Ways.Cluster, Ways.WebSocket)),
            Least(name, "≥ 2.5 × upstream, real API server", 2.5, Ratio(name, Ways.Cluster, Ways.Upstream)),
        ];

    private static IEnumerable<Target> SixteenStreams(string direction) =>
        [
            Least(
                $"tcp16_{direction}",
                "≥ one stream",
                1,
                f => f.Median($"tcp16_{direction}", Ways.Ours) / f.Median($"tcp1_{direction}", Ways.Ours)
            ),
            Least($"tcp16_{direction}_fairness", "Jain ≥ 0.95", 0.95, Of($"tcp16_{direction}_fairness", Ways.Ours)),
        ];

    private static Target Least(string measure, string text, double limit, Func<Figures, double?> value) =>
        new(measure, text, limit, IsMinimum: true, value);

    private static Target Most(string measure, string text, double limit, Func<Figures, double?> value) =>
        new(measure, text, limit, IsMinimum: false, value);

    private static Func<Figures, double?> Of(string name, string column) => f => f.Median(name, column);

    private static Func<Figures, double?> Ratio(string name, string column, string other) =>
        f => f.Median(name, column) / f.Median(name, other);

    private static double? Above(Figures figures, string name, string other) =>
        figures.Median(name, Ways.Ours) - figures.Median(name, other);
}
