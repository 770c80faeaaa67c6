using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Packets;

namespace Telepresence.Benchmarks;

/// <summary>Headers of a data segment with timestamps, as all but the first packets of a connection have.</summary>
[MemoryDiagnoser]
public class TcpSegmentBenchmarks
{
    private readonly byte[] _segment = new byte[TcpSegment.MinimumHeaderLength + 12 + 1448];
    private readonly TcpFields _fields = new(40_000, 80, new(1), new(2), TcpFlags.Acknowledgment, 8192);

    [GlobalSetup]
    public void Fill() => Emit();

    [Benchmark]
    public uint Parse()
    {
        var isValid = TcpSegment.TryParse(_segment, out var segment);
        isValid &= TcpOptions.TryParse(segment.Options, out var options);
        return isValid ? segment.Sequence.Value + options.TimestampValue : 0;
    }

    [Benchmark]
    public int Emit()
    {
        var options = new TcpOptions
        {
            HasTimestamps = true,
            TimestampValue = 1,
            TimestampEcho = 2,
        };
        Span<byte> bytes = stackalloc byte[40];
        var length = options.Write(bytes);
        TcpSegment.WriteHeader(_segment, _fields, bytes[..length]);
        return length;
    }
}
