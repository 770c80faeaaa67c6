namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>What the sender believes of a piece of the stream that is not yet acknowledged.</summary>
internal enum TransmissionState : byte
{
    /// <summary>On its way.</summary>
    InFlight,

    /// <summary>Reported by SACK.</summary>
    Sacked,

    /// <summary>To be sent again.</summary>
    Lost,
}

/// <summary>A piece of the stream that was last sent at one time.</summary>
/// <param name="Start">Position of the first byte.</param>
/// <param name="End">Position after the last byte, our FIN counted as one.</param>
/// <param name="SentAt">Last transmission, in the loop's microseconds (RFC 8985 §5.2, <c>Segment.xmit_ts</c>).</param>
/// <param name="IsRetransmitted">Sent more than once.</param>
internal readonly record struct Transmission(
    long Start,
    long End,
    long SentAt,
    TransmissionState State,
    bool IsRetransmitted
)
{
    public long Length => End - Start;

    /// <summary>RFC 8985 §5.1, <c>RACK_sent_after</c>: at the same time, what comes later in the stream.</summary>
    public bool IsSentAfter(long time, long end) => SentAt > time || (SentAt == time && End > end);
}
