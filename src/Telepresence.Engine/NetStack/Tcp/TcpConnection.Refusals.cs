using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>What does not fit: segments out of the window, old duplicates, forgeries (RFC 5961, RFC 5927), reuse.</summary>
internal sealed partial class TcpConnection
{
    /// <summary>RFC 5961 §7: at most so many challenge acknowledgments a second and connection.</summary>
    private const int ChallengesPerSecond = 10;

    /// <summary>As <see cref="ChallengesPerSecond"/>, for segments out of the window: a kernel's probes are far apart.</summary>
    private const int AnswersPerSecond = 10;

    /// <summary>What the Linux kernel believes at least (min_pmtu), so that a forger cannot make segments tiny.</summary>
    private const int MinimumPathMtu = 552;
    private const int MinimumPathMtuV6 = 1280;
    private RateLimit _challenges = new(ChallengesPerSecond);
    private RateLimit _answers = new(AnswersPerSecond);

    /// <summary>
    /// Whether a SYN re-opens this 4-tuple in TIME-WAIT: by a later timestamp (RFC 6191 §2), where both sides have them and
    /// they differ, else by a later sequence number (RFC 9293 §3.10.7.4).
    /// </summary>
    public bool AllowsReuse(in TcpSegment syn, in TcpOptions options)
    {
        if (State != TcpState.TimeWait)
        {
            return false;
        }

        var later = _timestamps && options.HasTimestamps ? (int)(options.TimestampValue - _recentTimestamp) : 0;
        return later > 0 || (later == 0 && syn.Sequence.IsAfter(_receiver.Next));
    }

    /// <summary>Whether this is the SYN that opened the connection, once more.</summary>
    public bool IsOpenedBy(in TcpSegment syn) => syn.Sequence == _peerInitial;

    /// <summary>
    /// A segment was too big for the path (RFC 1191, RFC 8201). Only a number that is in flight counts: others cannot have
    /// been quoted by a router that saw it (RFC 5927 §7.2).
    /// </summary>
    public void OnPacketTooBig(SequenceNumber sequence, int mtu)
    {
        var position = _sender.Position(sequence);
        if (position < _sender.Position(_sender.Unacknowledged) || position >= _sender.Position(_sender.Highest))
        {
            _loop.Counters.Drop(DropReason.TcpUnacceptable);
            return;
        }

        var headers = HeaderLength + (_timestamps ? TimestampsLength : 0);
        _sender.LimitSegmentSize(Math.Max(mtu, _key.Source.IsIPv4 ? MinimumPathMtu : MinimumPathMtuV6) - headers);
    }

    private void OnUnacceptable(in TcpSegment segment, long start)
    {
        _loop.Counters.Drop(DropReason.TcpOutOfWindow);
        if (segment.Has(TcpFlags.Reset))
        {
            return;
        }

        if (State == TcpState.SynReceived && segment.Has(TcpFlags.Syn) && IsOpenedBy(segment))
        {
            SendSynAck();
            return;
        }

        // The acknowledgment of an old segment still counts: a peer whose window probe we refuse may have told news.
        if (segment.Has(TcpFlags.Acknowledgment) && !segment.Has(TcpFlags.Syn) && State >= TcpState.Established)
        {
            _lastHeard = _loop.Now;
            _keepAliveProbes = 0;
        }

        if (State == TcpState.TimeWait && segment.Has(TcpFlags.Fin))
        {
            _stateDeadline = _loop.Now + (long)_loop.Options.TimeWait.TotalMicroseconds;
        }

        _receiver.NoteDuplicate(start, segment.Payload.Length);
        AnswerUnacceptable(segment);
    }

    /// <summary>
    /// Data is acknowledged each time, as its sender needs it. Without, two sides that find each other unacceptable would
    /// answer each other for ever.
    /// </summary>
    private void AnswerUnacceptable(in TcpSegment segment)
    {
        if (segment.Payload.Length > 0 || _answers.TryTake(_loop.Now))
        {
            Acknowledge();
        }
    }

    private void OnReset(in TcpSegment segment)
    {
        // RFC 5961 §3.2: only the exact number resets, anything else in the window is asked about.
        if (segment.Sequence != _receiver.Next)
        {
            Challenge();
            return;
        }

        Close("The application reset the connection.");
    }

    /// <summary>PAWS (RFC 7323 §5.3); a timestamp of 24 days ago says nothing any more.</summary>
    private bool IsOldTimestamp(in TcpOptions options) =>
        (int)(options.TimestampValue - _recentTimestamp) < 0
        && _loop.Now - _recentTimestampAt < 24L * 24 * 3600 * 1_000_000;

    private void Challenge()
    {
        if (_challenges.TryTake(_loop.Now))
        {
            SendAcknowledgment();
        }
    }
}
