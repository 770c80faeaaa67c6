using BenchmarkDotNet.Attributes;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Benchmarks;

[MemoryDiagnoser]
public class TunnelCodecBenchmarks
{
    private const int Messages = 64;
    private readonly byte[] _body = new byte[TunnelMessageCodec.MaxDataLength];
    private readonly MemoryStream _sink = new(new byte[Messages * 80_000]);
    private readonly MemoryStream _source = new();

    [Params(64, 1448, 65_000)]
    public int BodyLength { get; set; }

    [GlobalSetup]
    public void Encode()
    {
        for (var i = 0; i < Messages; i++)
        {
            _source.Write(TunnelMessageCodec.Encode(TunnelMessageCode.Data, _body.AsSpan(0, BodyLength)));
        }
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task<long> Write()
    {
        _sink.Position = 0;
        var writer = new TunnelWriter(_sink);
        for (var i = 0; i < Messages; i++)
        {
            await writer.WriteDataAsync(_body.AsMemory(0, BodyLength), flush: false, default).ConfigureAwait(false);
        }
        return _sink.Position;
    }

    /// <summary>As datagrams are written: in as few frames as hold them.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task<long> Append()
    {
        _sink.Position = 0;
        var writer = new TunnelWriter(_sink);
        for (var i = 0; i < Messages; i++)
        {
            await writer.AppendDataAsync(_body.AsMemory(0, BodyLength), default).ConfigureAwait(false);
        }
        await writer.FlushAsync(default).ConfigureAwait(false);
        return _sink.Position;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public async Task<long> Read()
    {
        _source.Position = 0;
        using var reader = new TunnelReader(_source);
        long total = 0;
        while (await reader.ReadAsync(default).ConfigureAwait(false))
        {
            total += await reader.ReadWholeBodyAsync(_body, default).ConfigureAwait(false);
        }
        return total;
    }
}
