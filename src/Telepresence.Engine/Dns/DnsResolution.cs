namespace Telepresence.Engine.Dns;

/// <summary>Who gave an answer.</summary>
internal enum DnsAnsweredBy
{
    /// <summary>This server, of itself.</summary>
    Local,
    Mapping,
    Cache,
    Cluster,
    Upstream,
}

/// <summary>What a session says to a question.</summary>
/// <param name="Answer">Null: the name is not the session's.</param>
/// <param name="IsExclusive">No other name server may be asked, whatever the answer is.</param>
internal readonly record struct DnsResolution(DnsAnswer? Answer, DnsAnsweredBy By, bool IsExclusive);
