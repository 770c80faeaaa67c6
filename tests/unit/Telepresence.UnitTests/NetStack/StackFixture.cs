using System.Net;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.NetStack.Udp;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.UnitTests.NetStack;

/// <summary>A stack without threads on a wire in memory, stepped by the test, whose other end the test plays.</summary>
internal sealed class StackFixture : IFlowHandler
{
    private readonly PacketBuffer _out = new();
    private readonly PacketBuffer _in = new();

    public StackFixture(IpStackOptions? options = null, int mtu = 1500, DeviceOffloads offloads = DeviceOffloads.None)
    {
        var (near, far) = MemoryDevice.CreatePair(mtu, capacity: 16_384, offloads: offloads);
        Wire = far.Queues[0];
        // As a session has it, without anybody who looks.
        Tap = new TapDevice(near);
        Stack = new IpStack(Tap, this, options, Time, new byte[32]);
        Loop = Stack.Loops[0];
    }

    public VirtualTime Time { get; } = new();
    public TapDevice Tap { get; }
    public IpStack Stack { get; }
    public PacketLoop Loop { get; }
    public IPacketQueue Wire { get; }
    public List<TcpFlow> TcpFlows { get; } = [];
    public List<UdpFlow> UdpFlows { get; } = [];

    public void OnTcpOpen(ITcpFlow flow) => TcpFlows.Add((TcpFlow)flow);

    public void OnUdpOpen(IUdpFlow flow) => UdpFlows.Add((UdpFlow)flow);

    public long Drops(DropReason reason) => Loop.Counters[reason];

    public void Settle()
    {
        while (Loop.Step()) { }
    }

    public void Pass(TimeSpan time)
    {
        Time.Advance(time);
        Settle();
    }

    /// <summary>Puts an IP packet on the wire and lets the stack work on it.</summary>
    public void Send(ReadOnlySpan<byte> packet, PacketOffload offload = default)
    {
        Put(packet, offload);
        Settle();
    }

    /// <summary>Puts an IP packet on the wire only.</summary>
    public void Put(ReadOnlySpan<byte> packet, PacketOffload offload = default)
    {
        _out.Length = packet.Length;
        packet.CopyTo(_out.Packet);
        _out.Offload = offload;
        Wire.Write(_out);
    }

    /// <summary>The stack's next packet, or null.</summary>
    public byte[]? Receive() => Wire.TryRead(_in) ? _in.Packet.ToArray() : null;

    /// <summary>As <see cref="Receive"/>, with what the device is told about it.</summary>
    public (byte[] Packet, PacketOffload Offload)? ReceiveWithOffload() =>
        Wire.TryRead(_in) ? (_in.Packet.ToArray(), _in.Offload) : null;

    public static NetAddress Address(string text) => NetAddress.From(IPAddress.Parse(text));

    /// <summary>A whole packet with right checksums.</summary>
    public static byte[] Ip(NetAddress source, NetAddress target, byte protocol, ReadOnlySpan<byte> transport)
    {
        var header = source.IsIPv4 ? 20 : 40;
        var packet = new byte[header + transport.Length];
        if (source.IsIPv4)
        {
            Ipv4Packet.WriteHeader(packet, source, target, protocol, packet.Length);
        }
        else
        {
            Ipv6Packet.WriteHeader(packet, source, target, protocol, transport.Length);
        }

        transport.CopyTo(packet.AsSpan(header));
        var offset = protocol switch
        {
            IPProtocol.Tcp => 16,
            IPProtocol.Udp => 6,
            _ => 2,
        };
        var body = packet.AsSpan(header);
        body.Slice(offset, 2).Clear();
        var sum =
            protocol == IPProtocol.Icmp ? 0 : InternetChecksum.PseudoHeader(source, target, protocol, body.Length);
        var checksum = InternetChecksum.Finish(InternetChecksum.Add(sum, body));
        body[offset] = (byte)(checksum >> 8);
        body[offset + 1] = (byte)checksum;
        return packet;
    }

    public static byte[] Udp(NetAddress source, NetAddress target, ushort from, ushort to, ReadOnlySpan<byte> payload)
    {
        var datagram = new byte[8 + payload.Length];
        UdpDatagram.WriteHeader(datagram, from, to, payload.Length);
        payload.CopyTo(datagram.AsSpan(8));
        return Ip(source, target, IPProtocol.Udp, datagram);
    }
}
