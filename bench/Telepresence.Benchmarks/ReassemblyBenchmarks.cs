using System.Buffers.Binary;
using System.Net;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Benchmarks;

/// <summary>
/// A datagram of 5,600 bytes through the loop in four fragments. Its checksum is wrong, so that it is dropped once it is
/// whole and nothing piles up.
/// </summary>
[MemoryDiagnoser]
public class ReassemblyBenchmarks
{
    private const int Fragments = 4;
    private const int FragmentLength = 1400;
    private const ushort MoreFragments = 0x2000;
    private readonly PacketBuffer _packet = new();
    private readonly byte[][] _fragments = new byte[Fragments][];
    private PacketLoop _loop = null!;
    private IPacketQueue _wire = null!;

    [GlobalSetup]
    public void Cut()
    {
        var (near, far) = MemoryDevice.CreatePair(1500, capacity: 64);
        _wire = far.Queues[0];
        _loop = new IpStack(near, new Nobody(), secret: new byte[32]).Loops[0];
        for (var i = 0; i < Fragments; i++)
        {
            _fragments[i] = Fragment(i * FragmentLength, more: i < Fragments - 1);
        }
        var first = _fragments[0].AsSpan(Ipv4Packet.MinimumHeaderLength);
        UdpDatagram.WriteHeader(first, 4000, 443, Fragments * FragmentLength - UdpDatagram.HeaderLength);
        first[UdpDatagram.ChecksumOffset] = 1;
        Reassemble();
        if (_loop.Counters[DropReason.BadChecksum] != 1)
            throw new InvalidOperationException("The datagram was not put together.");
    }

    [Benchmark]
    public bool Reassemble()
    {
        foreach (var fragment in _fragments)
        {
            _packet.Length = fragment.Length;
            fragment.CopyTo(_packet.Packet);
            _wire.Write(_packet);
        }
        return _loop.Step();
    }

    private static byte[] Fragment(int offset, bool more)
    {
        var source = NetAddress.From(IPAddress.Parse("10.0.0.1"));
        var destination = NetAddress.From(IPAddress.Parse("10.96.0.5"));
        var packet = new byte[Ipv4Packet.MinimumHeaderLength + FragmentLength];
        Ipv4Packet.WriteHeader(packet, source, destination, IPProtocol.Udp, packet.Length, identification: 7);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)(offset / 8 | (more ? MoreFragments : 0)));
        packet.AsSpan(10, 2).Clear();
        var sum = InternetChecksum.Add(0, packet.AsSpan(0, Ipv4Packet.MinimumHeaderLength));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), InternetChecksum.Finish(sum));
        return packet;
    }

    private sealed class Nobody : IFlowHandler
    {
        public void OnTcpOpen(ITcpFlow flow) { }

        public void OnUdpOpen(IUdpFlow flow) { }
    }
}
