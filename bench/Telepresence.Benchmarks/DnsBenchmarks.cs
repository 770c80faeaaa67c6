using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Dns;

namespace Telepresence.Benchmarks;

/// <summary>A question whose answer is cached, from datagram to datagram; and of that the codec alone.</summary>
[MemoryDiagnoser]
public class DnsBenchmarks : IClusterResolver
{
    private const string Name = "web.default.svc.cluster.local";
    private readonly byte[] _response = new byte[DnsFront.MaxMessageLength];
    private readonly DnsQueryLog _log = new(TimeProvider.System);
    private byte[] _query = [];
    private byte[] _record = [];
    private DnsQuery _parsed;
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
        byte[] fixedPart = [0, 1, 0, 1, 0, 0, 14, 16, 0, 4];
        _record = [.. _query[12..^4], .. fixedPart, .. IPAddress.Parse("10.96.0.9").GetAddressBytes()];
        DnsQuery.Parse(_query, stackalloc char[DnsName.MaxTextLength], out _, out _parsed);
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

    [Benchmark]
    public int Parse()
    {
        Span<char> name = stackalloc char[DnsName.MaxTextLength];
        DnsQuery.Parse(_query, name, out var length, out _);
        return length;
    }

    [Benchmark]
    public int Write() =>
        DnsResponse.Write(_query, _parsed, 0, true, true, 1, _record, DnsFront.MaxMessageLength, _response);

    /// <summary>The record as the traffic-manager sends it: name, type A, class IN, TTL, address.</summary>
    ValueTask<(int ResponseCode, ReadOnlyMemory<byte> Records)> IClusterResolver.LookupAsync(
        string name,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        return ValueTask.FromResult((0, (ReadOnlyMemory<byte>)_record));
    }

    [GlobalCleanup]
    public void End() => _server?.Dispose();
}
