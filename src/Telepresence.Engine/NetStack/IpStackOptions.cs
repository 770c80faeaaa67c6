namespace Telepresence.Engine.NetStack;

/// <summary>Limits and timers of the stack; the defaults are what the engine uses.</summary>
internal sealed record IpStackOptions
{
    /// <summary>TCP flows a loop holds at once; beyond, a SYN is not answered unless a flow in TIME-WAIT can go.</summary>
    public int MaximumFlows { get; init; } = 65_536;

    /// <summary>UDP 4-tuples a loop holds at once; beyond, the oldest idle one is forgotten.</summary>
    public int MaximumUdpFlows { get; init; } = 16_384;

    /// <summary>
    /// TCP flows of a loop whose dial is pending or whose SYN-ACK is unanswered; beyond, the oldest is forgotten. Each costs
    /// the far side a dial, so the number is what a burst of an honest workstation needs.
    /// </summary>
    public int MaximumHalfOpen { get; init; } = 4096;

    /// <summary>Send and receive buffers begin here and grow with the path, in bytes.</summary>
    public int InitialBuffer { get; init; } = 256 * 1024;

    /// <summary>Where a flow's buffers, and so its window, stop growing.</summary>
    public int MaximumBuffer { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Bytes that the buffers of a loop's TCP flows hold together. Beyond, each flow may hold a block of 32 KiB: those that
    /// nobody reads then leave room for the others.
    /// </summary>
    public long MaximumBuffered { get; init; } = 256L * 1024 * 1024;

    /// <summary>Idle time before the first keep-alive probe; zero turns probing off.</summary>
    public TimeSpan KeepAliveIdle { get; init; } = TimeSpan.FromSeconds(60);
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(30);
    public int KeepAliveProbes { get; init; } = 9;

    /// <summary>2 MSL as the Linux kernel counts it, which is the peer here.</summary>
    public TimeSpan TimeWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long data, a SYN-ACK or a probe may stay unanswered (R2 of RFC 9293 §3.8.3: at least 100 s).</summary>
    public TimeSpan AbortAfter { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>An idle UDP 4-tuple is forgotten then (RFC 4787 §4.3 asks for two minutes or more).</summary>
    public TimeSpan UdpIdle { get; init; } = TimeSpan.FromMinutes(5);
}
