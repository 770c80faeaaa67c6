namespace Telepresence.Engine.Dns;

/// <summary>What a DNS front has seen. Counters only grow.</summary>
internal sealed class DnsStatistics
{
    private long _queries;
    private long _malformed;
    private long _dropped;
    private long _malformedAnswers;

    public long Queries => Volatile.Read(ref _queries);

    /// <summary>Answered FORMERR.</summary>
    public long Malformed => Volatile.Read(ref _malformed);

    /// <summary>Not answered: too short, or an answer.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Answers of a cluster or a name server that could not be read.</summary>
    public long MalformedAnswers => Volatile.Read(ref _malformedAnswers);

    public void CountQuery() => Interlocked.Increment(ref _queries);

    public void CountMalformed() => Interlocked.Increment(ref _malformed);

    public void CountDropped() => Interlocked.Increment(ref _dropped);

    public void CountMalformedAnswer() => Interlocked.Increment(ref _malformedAnswers);
}
