namespace Telepresence.Engine.Dns;

/// <summary>
/// What a look-up gave, ready to be copied behind a question: records whose owner is the name asked point to it,
/// so the same bytes serve whichever way the name was written.
/// </summary>
/// <param name="Records">Complete resource records; compressed only by <see cref="DnsResponse.QuestionPointer"/>.</param>
internal sealed record DnsAnswer(int ResponseCode, int RecordCount, byte[] Records)
{
    public static readonly DnsAnswer NoData = new(Dns.ResponseCode.NoError, 0, []);
    public static readonly DnsAnswer NonexistentDomain = new(Dns.ResponseCode.NonexistentDomain, 0, []);
    public static readonly DnsAnswer ServerFailure = new(Dns.ResponseCode.ServerFailure, 0, []);
    public static readonly DnsAnswer NotImplemented = new(Dns.ResponseCode.NotImplemented, 0, []);

    /// <summary>NXDOMAIN because nobody answered in time: not to be remembered.</summary>
    public static readonly DnsAnswer TimedOut = NonexistentDomain with { IsUncertain = true };

    public bool IsUncertain { get; init; }

    public bool IsSuccess => ResponseCode == Dns.ResponseCode.NoError;
}
