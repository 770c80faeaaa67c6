using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Dns;

namespace Telepresence.Benchmarks;

/// <summary>A question whose answer is cached: from datagram to datagram.</summary>
[MemoryDiagnoser]
public class DnsBenchmarks : IClusterResolver
{
    private const string Name = "web.default.svc.cluster.local";
    private readonly byte[] _response = new byte[DnsFront.MaxMessageLength];
    private readonly DnsQueryLog _log = new(TimeProvider.System);
    private byte[] _query = [];
    private DnsServer? _server;
    private DnsFront? _front;

    [GlobalSetup]
    public async Task FillCache()
    {
        List<byte> query = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        foreach (var label in Name.Split('.'))
        {
            query.Add((byte)label.Length);
            query.AddRange(Encoding.ASCII.GetBytes(label));
        }
        _query = [.. query, 0, 0, 1, 0, 1];
        var options = new DnsZoneOptions
        {
            Session = "bench",
            Namespace = "default",
            MappedNamespaces = ["default"],
        };
        var statistics = new DnsStatistics();
        _server = new DnsServer(options, this, null, null, TimeProvider.System, statistics);
        _front = new DnsFront(null, TimeProvider.System, _log, statistics);
        _front.Add(_server);
        await _front.HandleAsync(_query, DnsTransport.Udp, _response, default).ConfigureAwait(false);
        if (Cached() == 0)
            throw new InvalidOperationException("The answer was not cached.");
    }

    [Benchmark]
    public int Cached() => _front!.TryHandle(_query, DnsTransport.Udp, _response, out var length) ? length : 0;

    /// <summary>The record as the traffic-manager sends it: name, type A, class IN, TTL, address.</summary>
    ValueTask<(int ResponseCode, ReadOnlyMemory<byte> Records)> IClusterResolver.LookupAsync(
        string name,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        byte[] record =
        [
            .. _query[12..^4],
            0,
            1,
            0,
            1,
            0,
            0,
            14,
            16,
            0,
            4,
            .. IPAddress.Parse("10.96.0.9").GetAddressBytes(),
        ];
        return ValueTask.FromResult((0, (ReadOnlyMemory<byte>)record));
    }

    [GlobalCleanup]
    public void End() => _server?.Dispose();
}
