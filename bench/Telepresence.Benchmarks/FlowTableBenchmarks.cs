using System.Net;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Benchmarks;

/// <summary>
/// A packet through the loop that changes nothing (a repeated SYN of a pending flow): a device in memory, IP and TCP
/// parse, flow table. With many flows the table does not fit the processor's cache any more.
/// </summary>
[MemoryDiagnoser]
public class FlowTableBenchmarks
{
    private readonly PacketBuffer _packet = new();
    private byte[][] _packets = [];
    private PacketLoop _loop = null!;
    private IPacketQueue _wire = null!;
    private int _next;

    [Params(1, 10_000)]
    public int Flows { get; set; }

    [GlobalSetup]
    public void Open()
    {
        var (near, far) = MemoryDevice.CreatePair(1500, capacity: 64);
        _wire = far.Queues[0];
        _loop = new IpStack(near, new Pending(), secret: new byte[32]).Loops[0];
        _packets = [.. Enumerable.Range(0, Flows).Select(i => Syn((ushort)(10_000 + i)))];
        for (var i = 0; i < Flows; i++)
        {
            LookUp();
        }
        if (_loop.Tcp.Count != Flows)
            throw new InvalidOperationException("The flows were not opened.");
    }

    [Benchmark]
    public bool LookUp()
    {
        var bytes = _packets[_next];
        _next = _next + 1 == Flows ? 0 : _next + 1;
        _packet.Length = bytes.Length;
        bytes.CopyTo(_packet.Packet);
        _wire.Write(_packet);
        return _loop.Step();
    }

    private static byte[] Syn(ushort port)
    {
        var source = NetAddress.From(IPAddress.Parse("10.0.0.1"));
        var destination = NetAddress.From(IPAddress.Parse("10.96.0.5"));
        var packet = new byte[Ipv4Packet.MinimumHeaderLength + TcpSegment.MinimumHeaderLength];
        Ipv4Packet.WriteHeader(packet, source, destination, IPProtocol.Tcp, packet.Length);
        var segment = packet.AsSpan(Ipv4Packet.MinimumHeaderLength);
        TcpSegment.WriteHeader(segment, new TcpFields(port, 80, new(1), default, TcpFlags.Syn, 8192), []);
        var sum = InternetChecksum.PseudoHeader(source, destination, IPProtocol.Tcp, segment.Length);
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(sum, segment));
        segment[TcpSegment.ChecksumOffset] = (byte)(checksum >> 8);
        segment[TcpSegment.ChecksumOffset + 1] = (byte)checksum;
        return packet;
    }

    private sealed class Pending : IFlowHandler
    {
        public void OnTcpOpen(ITcpFlow flow) { }

        public void OnUdpOpen(IUdpFlow flow) { }
    }
}
