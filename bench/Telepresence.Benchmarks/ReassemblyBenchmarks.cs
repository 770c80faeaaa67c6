using System.Buffers.Binary;
using System.Net;
using BenchmarkDotNet.Attributes;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Packets;

namespace Telepresence.Benchmarks;

/// <summary>A datagram of 5,600 bytes from its four fragments.</summary>
[MemoryDiagnoser]
public class ReassemblyBenchmarks
{
    private const int Fragments = 4;
    private const int FragmentLength = 1400;
    private const ushort MoreFragments = 0x2000;
    private readonly FragmentReassembler _reassembler = new(new StackCounters());
    private readonly byte[][] _fragments = new byte[Fragments][];

    [GlobalSetup]
    public void Cut()
    {
        for (var i = 0; i < Fragments; i++)
        {
            _fragments[i] = Fragment(i * FragmentLength, more: i < Fragments - 1);
        }
        if (Reassemble() != Ipv4Packet.MinimumHeaderLength + Fragments * FragmentLength)
            throw new InvalidOperationException("The datagram was not put together.");
    }

    [Benchmark]
    public int Reassemble()
    {
        var length = 0;
        foreach (var fragment in _fragments)
        {
            if (Ipv4Packet.TryParse(fragment, out var packet))
                length = _reassembler.Add(packet, now: 0)?.Length ?? 0;
        }
        return length;
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
}
