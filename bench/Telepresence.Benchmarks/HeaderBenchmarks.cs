using System.Net;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.Packets;

namespace Telepresence.Benchmarks;

/// <summary>IP and UDP headers of a datagram, as every packet of a UDP flow has them.</summary>
[MemoryDiagnoser]
public class HeaderBenchmarks
{
    private const int PayloadLength = 1200;
    private readonly byte[] _packet = new byte[Ipv6Packet.HeaderLength + UdpDatagram.HeaderLength + PayloadLength];
    private NetAddress _source;
    private NetAddress _destination;
    private int _transport;
    private int _length;

    [Params(false, true)]
    public bool IPv6 { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        _source = NetAddress.From(IPAddress.Parse(IPv6 ? "fd00::1" : "10.0.0.1"));
        _destination = NetAddress.From(IPAddress.Parse(IPv6 ? "fd10::5" : "10.96.0.5"));
        _transport = IPv6 ? Ipv6Packet.HeaderLength : Ipv4Packet.MinimumHeaderLength;
        _length = _transport + UdpDatagram.HeaderLength + PayloadLength;
        Emit();
        if (Parse() != PayloadLength)
            throw new InvalidOperationException("The datagram was not understood.");
    }

    [Benchmark]
    public int Parse()
    {
        var bytes = _packet.AsSpan(0, _length);
        ReadOnlySpan<byte> payload = default;
        if (Ipv4Packet.TryParse(bytes, out var v4))
            payload = v4.Payload;
        else if (Ipv6Packet.TryParse(bytes, out var v6))
            payload = v6.Payload;
        return UdpDatagram.TryParse(payload, out var datagram) ? datagram.Payload.Length : 0;
    }

    [Benchmark]
    public void Emit()
    {
        if (IPv6)
            Ipv6Packet.WriteHeader(_packet, _source, _destination, IPProtocol.Udp, _length - _transport);
        else
            Ipv4Packet.WriteHeader(_packet, _source, _destination, IPProtocol.Udp, _length);
        UdpDatagram.WriteHeader(_packet.AsSpan(_transport), 4000, 443, PayloadLength);
    }
}
