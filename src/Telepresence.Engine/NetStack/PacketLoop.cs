using Telepresence.Engine.NetStack.Icmp;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.NetStack.Udp;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// One device queue and the flows that belong to it. Everything happens in <see cref="Step"/>, on one thread: read a
/// batch, take what other threads handed over, run timers, send.
/// </summary>
internal sealed class PacketLoop
{
    /// <summary>Packets read before acknowledgments and data go out: coalesces the former, bounds their delay.</summary>
    private const int Batch = 64;
    private const long FragmentSweep = 1_000_000;
    private readonly IPacketQueue _queue;
    private readonly PacketHandover _handover;
    private readonly PacketBuffer _packet = new();
    private readonly LoopContext _context;
    private readonly FragmentReassembler _fragments;
    private readonly IcmpResponder _icmp;
    private readonly IcmpErrors _icmpErrors;
    private readonly int _index;
    private long _nextSweep;
    private volatile bool _isStopping;

    public PacketLoop(
        int index,
        IPacketQueue queue,
        int mtu,
        IFlowHandler handler,
        IpStackOptions options,
        TimeProvider time,
        byte[] secret,
        PacketHandover handover
    )
    {
        _index = index;
        _queue = queue;
        _handover = handover;
        Counters = new StackCounters();
        Signals = new SignalQueue(queue.Wake);
        _context = new LoopContext(
            new PacketEmitter(queue, Counters, mtu),
            Counters,
            Signals,
            handler,
            options,
            time,
            mtu
        );
        Tcp = new TcpTable(_context, new InitialSequence(secret));
        Udp = new UdpTable(_context);
        _icmp = new IcmpResponder(_context, Tcp);
        _icmpErrors = new IcmpErrors(_context);
        _fragments = new FragmentReassembler(Counters, _icmpErrors);
    }

    public StackCounters Counters { get; }
    public SignalQueue Signals { get; }
    public TcpTable Tcp { get; }
    public UdpTable Udp { get; }

    /// <summary>Bytes of the blocks that TCP flows hold. Any thread.</summary>
    public long Buffered => _context.Pool.Rented;

    /// <summary>The next time at which <see cref="Step"/> has a timer to run, in microseconds since the loop was made.</summary>
    public long NextTimer => _context.Timers.Next;

    /// <summary>The loop's thread, until <see cref="Stop"/>; then RST for every flow.</summary>
    public void Run()
    {
        while (!_isStopping)
        {
            if (!Step())
            {
                Sleep();
            }
        }

        _context.UpdateClock();
        Tcp.ResetAll();
        Udp.CloseAll();
        Signals.Drain();
    }

    /// <summary>Any thread.</summary>
    public void Stop()
    {
        _isStopping = true;
        _queue.Wake();
    }

    /// <summary>One pass. True when there was something to do, so that the next pass should follow at once.</summary>
    public bool Step()
    {
        _context.UpdateClock();
        var read = 0;
        while (read < Batch && _queue.TryRead(_packet))
        {
            read++;
            Counters.Read(_packet.Length);
            Process(_packet, isHandedOver: false);
        }

        var handedOver = _handover.Drain(_index, this);
        // Before the signals: an expired flow closes itself by one.
        _context.Timers.Run(_context.Now);
        var signaled = Signals.Drain();
        if (_context.Now >= _nextSweep)
        {
            _nextSweep = _context.Now + FragmentSweep;
            _fragments.Expire(_context.Now);
        }

        // Those that need another turn come after the next batch of reading, behind the others.
        for (var count = _context.Output.Count; count > 0; count--)
        {
            var connection = _context.Output.Dequeue();
            if (connection.Flush())
            {
                connection.QueueOutput();
            }
        }

        return read > 0 || handedOver || signaled || _context.Output.Count > 0;
    }

    /// <summary>A packet that another queue received but whose flow is here.</summary>
    public void OnHandedOver(PacketBuffer packet) => Process(packet, isHandedOver: true);

    private void Sleep()
    {
        if (!Signals.TrySleep() || _handover.HasWaiting(_index))
        {
            return;
        }

        var timeout = -1;
        var next = Math.Min(_context.Timers.Next, _fragments.Count > 0 ? _nextSweep : TimerHeap.Never);
        if (next != TimerHeap.Never)
        {
            _context.UpdateClock();
            timeout = (int)Math.Clamp((next - _context.Now + 999) / 1000, 0, 60_000);
        }

        if (!_isStopping && timeout != 0)
        {
            _queue.Wait(timeout);
        }

        Signals.Awake();
    }

    private void Process(PacketBuffer packet, bool isHandedOver)
    {
        var bytes = (ReadOnlySpan<byte>)packet.Packet;
        if (Ipv4Packet.TryParse(bytes, out var v4))
        {
            if (v4.IsFragment)
            {
                if (_fragments.Add(v4, _context.Now) is { } whole)
                {
                    Process(whole, isHandedOver);
                }

                return;
            }

            var ip = new IpPacket(v4.Source, v4.Destination, v4.Protocol, v4.Payload, packet.Offload);
            if (!Dispatch(ip, packet, isHandedOver))
            {
                _icmpErrors.ProtocolUnreachable(v4.Bytes);
            }
        }
        else if (Ipv6Packet.TryParse(bytes, out var v6, out var problem))
        {
            if (v6.IsFragment)
            {
                if (_fragments.Add(v6, _context.Now) is { } whole)
                {
                    Process(whole, isHandedOver);
                }

                return;
            }

            var ip = new IpPacket(v6.Source, v6.Destination, v6.Protocol, v6.Payload, packet.Offload);
            if (!Dispatch(ip, packet, isHandedOver) && v6.Protocol != IPProtocol.NoNextHeader)
            {
                _icmpErrors.ParameterProblem(
                    v6.Bytes,
                    new Ipv6Problem(Ipv6Problem.UnrecognizedNextHeader, v6.ProtocolOffset)
                );
            }
        }
        else
        {
            Counters.Drop(DropReason.MalformedIp);
            if (problem is { } known)
            {
                _icmpErrors.ParameterProblem(bytes, known);
            }
        }
    }

    /// <summary>False: the stack does not have the packet's protocol.</summary>
    private bool Dispatch(in IpPacket ip, PacketBuffer packet, bool isHandedOver)
    {
        if (ip.Destination.IsMulticast)
        {
            Counters.Drop(DropReason.Multicast);
            return true;
        }

        // A packet from its own destination (the "land" attack) would have the stack answer itself.
        if (!ip.Source.IsHost || !ip.Destination.IsHost || ip.Source == ip.Destination)
        {
            Counters.Drop(DropReason.BadAddress);
            return true;
        }

        if (!isHandedOver && _handover.TryGive(_index, ip, packet))
        {
            return true;
        }

        switch (ip.Protocol)
        {
            case IPProtocol.Tcp:
                Tcp.OnPacket(ip);
                break;
            case IPProtocol.Udp:
                Udp.OnPacket(ip);
                break;
            case IPProtocol.Icmp when ip.Source.IsIPv4:
            case IPProtocol.Icmpv6 when !ip.Source.IsIPv4:
                _icmp.OnPacket(ip);
                break;
            default:
                Counters.Drop(DropReason.UnknownProtocol);
                return false;
        }

        return true;
    }
}
