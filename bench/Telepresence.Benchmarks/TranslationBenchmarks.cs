using System.Net;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Vnat;

namespace Telepresence.Benchmarks;

/// <summary>Once a flow, and once a DNS answer.</summary>
[MemoryDiagnoser]
public class TranslationBenchmarks
{
    private readonly TranslationTable _table = new(
        [new VirtualSubnet(IPNetwork.Parse("246.0.0.0/10"))],
        new[] { "10.96.0.0/12", "10.42.0.0/16", "10.43.0.0/16", "192.168.5.0/24" }.Select(IPNetwork.Parse)
    );
    private readonly IPAddress _cluster = IPAddress.Parse("10.43.7.9");
    private IPAddress _virtual = IPAddress.None;

    [GlobalSetup]
    public void Translate() => _virtual = ToVirtual();

    [Benchmark]
    public IPAddress ToVirtual() => _table.ToVirtual(_cluster);

    [Benchmark]
    public bool ToCluster() => _table.TryToCluster(_virtual, out _);
}
