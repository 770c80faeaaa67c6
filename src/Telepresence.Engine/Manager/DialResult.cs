using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>How the far side's dial went, as the application shall see it.</summary>
internal enum DialOutcome
{
    Connected,
    Refused,

    /// <summary>No answer, or no way there.</summary>
    Unreachable,
}

/// <param name="Outcome">What to answer the SYN with.</param>
/// <param name="Errno">Linux' errno where the manager told it, which upstream's never does; else 0.</param>
internal readonly record struct DialResult(DialOutcome Outcome, byte Errno = 0)
{
    public static readonly DialResult Connected = new(DialOutcome.Connected);

    // A refusal takes a round trip within the cluster; what takes most of the dial time-out was silence. An ARP or
    // neighbour failure comes after 3 s too, the usual time-out.
    private const double SilenceFraction = 0.8;

    /// <param name="errno">0: not told.</param>
    /// <param name="elapsed">From StreamOK to the rejection.</param>
    /// <param name="dialTimeout">What the far side was given.</param>
    public static DialResult Rejected(byte errno, TimeSpan elapsed, TimeSpan dialTimeout) =>
        errno switch
        {
            0 when elapsed < dialTimeout * SilenceFraction => new(DialOutcome.Refused),
            0 or DialErrno.TimedOut or DialErrno.HostUnreachable or DialErrno.NetworkUnreachable => new(
                DialOutcome.Unreachable,
                errno
            ),
            _ => new(DialOutcome.Refused, errno),
        };
}
