using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.Engine.NetStack;

/// <summary>What the protocols of one loop share. Loop thread only, where nothing else is said.</summary>
internal sealed class LoopContext(
    PacketEmitter emitter,
    StackCounters counters,
    SignalQueue signals,
    IFlowHandler handler,
    IpStackOptions options,
    TimeProvider time,
    int mtu
)
{
    private readonly long _origin = time.GetTimestamp();

    public PacketEmitter Emitter => emitter;
    public StackCounters Counters => counters;
    public IFlowHandler Handler => handler;
    public IpStackOptions Options => options;
    public TimeProvider Time => time;
    public int Mtu => mtu;
    public TimerHeap Timers { get; } = new();
    public SegmentPool Pool { get; } = new(options.MaximumBuffered);

    /// <summary>Any thread.</summary>
    public SignalQueue Signals => signals;

    /// <summary>Connections that have something to send at the end of the pass.</summary>
    public Queue<TcpConnection> Output { get; } = new(64);

    /// <summary>Microseconds since the loop was made, as of the current pass.</summary>
    public long Now { get; private set; }

    public void UpdateClock() => Now = (long)time.GetElapsedTime(_origin).TotalMicroseconds;
}
