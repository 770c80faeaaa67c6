using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Packets;

namespace Telepresence.Benchmarks;

[MemoryDiagnoser]
public class ChecksumBenchmarks
{
    private byte[] _bytes = [];

    [Params(40, 1460, 65_000)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        _bytes = new byte[Length];
        new Random(1).NextBytes(_bytes);
    }

    [Benchmark]
    public ushort Checksum() => InternetChecksum.Finish(InternetChecksum.Add(0, _bytes));
}
