using System.Net;

namespace Telepresence.Engine.NetStack;

/// <summary>Receives what the stack finds. Called on the packet loop: must return at once.</summary>
internal interface IFlowHandler
{
    /// <summary>A new SYN. Exactly one of the flow's answers is due later, from any thread.</summary>
    void OnTcpOpen(ITcpFlow flow);

    /// <summary>First datagram of a new 4-tuple (already in the flow's queue).</summary>
    void OnUdpOpen(IUdpFlow flow);
}

/// <summary>Which conversation a flow is: seen from the workstation, so Source is the local application.</summary>
/// <param name="Source">The application's address on this machine.</param>
/// <param name="Destination">What the application connected to; may be a virtual address.</param>
internal sealed record FlowEndpoints(IPEndPoint Source, IPEndPoint Destination);

/// <summary>What TCP connections and UDP 4-tuples have in common. All members may be called from any thread.</summary>
internal interface IFlow
{
    FlowEndpoints Endpoints { get; }

    FlowStatistics Statistics { get; }
}

/// <summary>
/// One TCP connection that an application on this machine opened through the VIF; the stack is its passive side.
/// Reading and writing may go on concurrently with each other, but each by one caller at a time. All members may be
/// called from any thread.
/// </summary>
internal interface ITcpFlow : IFlow
{
    /// <summary>Sends the SYN-ACK: the far side accepted.</summary>
    void Accept();

    /// <summary>Answers the SYN with RST: the far side refused.</summary>
    void Refuse();

    /// <summary>Answers with ICMP host unreachable (the far side timed out) and forgets the flow.</summary>
    void Unreachable();

    /// <summary>
    /// The next bytes from the application, in order; the same bytes again until <see cref="AdvanceRead"/>.
    /// Empty: the application sent FIN.
    /// </summary>
    /// <exception cref="FlowAbortedException">RST or time-out.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Releases bytes that <see cref="ReadAsync"/> gave: this is what re-opens the receive window.</summary>
    void AdvanceRead(int count);

    /// <summary>A contiguous, non-empty free piece of the send queue; waits while it is full.</summary>
    /// <exception cref="FlowAbortedException">RST or time-out.</exception>
    ValueTask<Memory<byte>> GetWriteMemoryAsync(CancellationToken cancellationToken);

    /// <summary>Queues the first <paramref name="count"/> bytes of the memory last handed out.</summary>
    void AdvanceWrite(int count);

    /// <summary>FIN after what is queued. The application may go on sending.</summary>
    void CompleteWrite();

    /// <summary>RST now; pending reads and writes end with <see cref="FlowAbortedException"/>. Harmless when over.</summary>
    void Abort();

    /// <summary>
    /// Completes, never faults, when no data will go either way any more: after both FINs (TIME-WAIT is not waited for),
    /// a RST or a time-out, also while the dial is pending. What was received before may still be read.
    /// </summary>
    Task Closed { get; }
}

/// <summary>One UDP 4-tuple. Threading as <see cref="ITcpFlow"/>.</summary>
internal interface IUdpFlow : IFlow
{
    /// <summary>The next datagram's payload, valid until the next call; null when the flow was closed.</summary>
    ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Sends a datagram to the application. False: dropped (queue full, closed, or over 65,507 bytes).</summary>
    bool Send(ReadOnlySpan<byte> payload);

    /// <summary>Answers the first unanswered datagram with ICMP port unreachable and closes.</summary>
    void Unreachable();

    /// <summary>Forgets the 4-tuple: the next datagram opens a new flow.</summary>
    void Close();
}

/// <summary>A snapshot of a flow. Bytes are payload; sent is from the application to the cluster.</summary>
internal readonly record struct FlowStatistics(
    string State,
    long BytesSent,
    long BytesReceived,
    TimeSpan? RoundTripTime,
    long Retransmits,
    DateTimeOffset Since
);

/// <summary>The flow ended by RST, time-out or <see cref="ITcpFlow.Abort"/>.</summary>
internal sealed class FlowAbortedException(string reason) : IOException(reason);
