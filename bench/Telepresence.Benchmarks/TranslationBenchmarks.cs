using System.Net;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Vnat;

namespace Telepresence.Benchmarks;

/// <summary>
/// Once a flow, and once a DNS answer: by arithmetic where the subnets fit, by look-up among 100,000 where addresses were
/// handed out one by one. What is allocated is the address object of the answer.
/// </summary>
[MemoryDiagnoser]
public class TranslationBenchmarks
{
    private readonly TranslationTable _table = new(
        [new VirtualSubnet(IPNetwork.Parse("246.0.0.0/10"))],
        new[] { "10.96.0.0/12", "10.42.0.0/16", "10.43.0.0/16", "192.168.5.0/24" }.Select(IPNetwork.Parse)
    );
    private readonly TranslationTable _full = new(
        [new VirtualSubnet(IPNetwork.Parse("246.0.0.0/10"))],
        [IPNetwork.Parse("10.0.0.0/8")]
    );
    private readonly IPAddress _cluster = IPAddress.Parse("10.43.7.9");
    private IPAddress _virtual = IPAddress.None;
    private IPAddress _handedOut = IPAddress.None;

    [GlobalSetup]
    public void Translate()
    {
        _virtual = ToVirtual();
        for (var i = 0; i < 100_000; i++)
            _full.ToVirtual(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]));
        _handedOut = ToHandedOut();
    }

    [Benchmark]
    public IPAddress ToVirtual() => _table.ToVirtual(_cluster);

    [Benchmark]
    public bool ToCluster() => _table.TryToCluster(_virtual, out _);

    [Benchmark]
    public IPAddress ToHandedOut() => _full.ToVirtual(_cluster);

    [Benchmark]
    public bool FromHandedOut() => _full.TryToCluster(_handedOut, out _);
}
