using System.Net;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.Benchmarks;

/// <summary>
/// 10,000 local routes (a company's network as a VPN pushes it) against 200 cluster subnets, of which every second
/// collides. Finding is the detector alone, its trie built anew; planning is the whole decision of a connect.
/// </summary>
[MemoryDiagnoser]
public class ConflictBenchmarks
{
    private const int Vpn = 7;

    private readonly HashSet<int> _own = [1];
    private readonly IPNetwork[] _subnets =
    [
        .. Enumerable.Range(0, 100).Select(i => new IPNetwork(new IPAddress([10, (byte)i, 0, 0]), 16)),
        .. Enumerable
            .Range(0, 100)
            .Select(i => new IPNetwork(new IPAddress([100, (byte)(64 + (i / 2)), (byte)(i % 2 * 128), 0]), 17)),
    ];
    private readonly RoutingSnapshot _snapshot = new(
        [.. Enumerable.Range(0, 10_000).Select(i => Route(new IPAddress([10, (byte)(i % 100), (byte)(i / 100), 0])))],
        [
            new SystemInterface(
                Vpn,
                "tun0",
                "tun",
                true,
                1500,
                [IPNetwork.Parse("10.8.0.6/32")],
                [IPAddress.Parse("10.8.0.6")]
            ),
        ]
    );

    [GlobalSetup]
    public void Check()
    {
        if (Find() != 10_000)
            throw new InvalidOperationException("Not every route was found.");
    }

    [Benchmark]
    public int Find()
    {
        var detector = new ConflictDetector(_snapshot, _own);
        return _subnets.Sum(s => detector.Find(s).Count);
    }

    [Benchmark]
    public int Plan() =>
        SubnetPlanner.Plan(new SubnetPlanInput { PodSubnets = _subnets, Routing = _snapshot }).Subnets.Count;

    private static SystemRoute Route(IPAddress network) =>
        new(
            new IPNetwork(network, 24),
            IPAddress.Parse("10.8.0.5"),
            Vpn,
            "tun0",
            PreferredSource: null,
            Metric: 0,
            Table: 254,
            Protocol: 4,
            RouteKind.Unicast,
            IsOurs: false
        );
}
