using System.Collections.Frozen;

namespace Telepresence.Engine.Dns;

/// <summary>Who answers a name.</summary>
internal enum DnsDecision
{
    /// <summary>Not this session's.</summary>
    NotOurs,

    /// <summary>The cluster is asked.</summary>
    Cluster,

    /// <summary>This machine's loopback addresses.</summary>
    Loopback,

    /// <summary>There is no such name, and nobody needs to be asked.</summary>
    Nonexistent,
}

/// <param name="LookupLength">How much of the name is left to look up once a search suffix is stripped.</param>
/// <param name="IsExclusive">Only a cluster can know the name: never to be asked of another name server.</param>
internal readonly record struct DnsRuling(DnsDecision Decision, int LookupLength, bool IsExclusive);

/// <summary>Decides by name alone (PROTOCOL §3.3; the numbers below are its rules). Names: lower case, trailing dot.</summary>
internal sealed class DnsRules
{
    /// <summary>Asked to see whether the operating system's queries arrive here.</summary>
    public const string SanityCheckName = "jhfweoitnkgyeta.tel2-search.";

    /// <summary>The pseudo domain that makes single labels reach us.</summary>
    public const string SearchDomain = "tel2-search.";

    private const string Localhost = "localhost.";

    private static readonly string[] DiscoveryPrefixes =
    [
        "wpad.",
        "_grpc_config.",
        "lb._dns-sd.",
        "db._dns-sd.",
        "b._dns-sd.",
        "win11-vb.",
        "dc.msdcs.",
        "_ldap._tcp.dc._msdcs.",
    ];

    private readonly string[] _strippedSuffixes;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _excludes;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _routes;
    private readonly string[] _excludeSuffixes;
    private readonly string[] _includeSuffixes;
    private readonly string _clusterDomain;
    private readonly string[] _sessionSuffixes = [];

    public DnsRules(DnsZoneOptions options)
    {
        _strippedSuffixes = [SearchDomain, .. options.HostSearchDomains.Select(DnsName.Normalize).Where(d => d != ".")];
        _excludes = Set(options.Excludes.Select(DnsName.Normalize));
        _excludeSuffixes = [.. options.ExcludeSuffixes.Select(Suffix)];
        _includeSuffixes = [.. options.IncludeSuffixes.Select(Suffix)];
        _clusterDomain = "." + DnsName.Normalize(options.ClusterDomain);
        if (options.SessionDomain is { } domain)
            _sessionSuffixes = [".svc." + DnsName.Normalize(domain), _clusterDomain + DnsName.Normalize(domain)];
        Routes =
        [
            .. options
                .MappedNamespaces.Append(options.Namespace)
                .Append("svc")
                .Select(DnsName.Normalize)
                .Distinct(StringComparer.Ordinal)
                .Where(route => !IsExcluded("." + route)),
        ];
        _routes = Set(Routes);

        static string Suffix(string suffix) => suffix.Trim().TrimEnd('.').ToLowerInvariant();

        static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(IEnumerable<string> names) =>
            names.ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Domains that are always ours: the mapped namespaces and <c>svc</c>, less the excluded ones.</summary>
    public IReadOnlyList<string> Routes { get; }

    /// <summary>
    /// Domains that lead to this session and no other. Only below <c>svc</c> and the cluster's domain: a session named
    /// <c>dev</c> must not take the public names of that domain.
    /// </summary>
    public IEnumerable<string> SessionDomains => _sessionSuffixes.Select(suffix => suffix[1..]);

    public DnsRuling Decide(ReadOnlySpan<char> name)
    {
        foreach (var suffix in _sessionSuffixes)
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
                return new DnsRuling(DnsDecision.Cluster, LengthBefore(suffix, name), IsExclusive: true);
        }
        if (name.SequenceEqual(SanityCheckName))
            return new DnsRuling(DnsDecision.Loopback, name.Length, IsExclusive: true);

        var lookup = Strip(name);
        var exclusive = name.EndsWith("." + SearchDomain) || name.SequenceEqual(SearchDomain);
        if (lookup.SequenceEqual(Localhost))
            return new DnsRuling(DnsDecision.Loopback, lookup.Length, IsExclusive: true);
        if (name.SequenceEqual(SearchDomain) || HasInnerSearchDomain(lookup))
            return new DnsRuling(DnsDecision.Nonexistent, lookup.Length, IsExclusive: true);

        exclusive |= lookup.EndsWith(_clusterDomain, StringComparison.Ordinal) || lookup.EndsWith(".svc.");
        var decision = IsCluster(name, lookup) ? DnsDecision.Cluster : DnsDecision.NotOurs;
        return new DnsRuling(decision, lookup.Length, exclusive);
    }

    /// <summary>Of what precedes the session's own label: <c>web.demo.svc.</c> or <c>web.demo.svc.cluster.local.</c></summary>
    private int LengthBefore(string suffix, ReadOnlySpan<char> name)
    {
        var kept = ReferenceEquals(suffix, _sessionSuffixes[0]) ? ".svc.".Length : _clusterDomain.Length;
        return name.Length - suffix.Length + kept;
    }

    private bool IsCluster(ReadOnlySpan<char> name, ReadOnlySpan<char> lookup)
    {
        foreach (var prefix in DiscoveryPrefixes)
        {
            if (lookup.StartsWith(prefix, StringComparison.Ordinal))
                return false; // 2
        }
        if (_excludes.Contains(name) || _excludes.Contains(lookup))
            return false; // 3
        if (lookup.IndexOf('.') == lookup.Length - 1)
            return lookup.Length > 1; // 4; the root is nobody's
        if (IsExcluded(lookup))
            return false; // 5
        if (IncludeThatWins(lookup))
            return true; // 5
        if (RouteOf(lookup) is var routeLength and > 0)
            return !IsExcluded(lookup[..^routeLength]); // 6
        if (lookup.EndsWith(_clusterDomain, StringComparison.Ordinal))
            return true; // 7
        foreach (var suffix in _includeSuffixes)
        {
            if (EndsWith(lookup, suffix))
                return suffix[0] != '.' || !IsExcluded(lookup[..^suffix.Length]); // 8
        }
        return false; // 9
    }

    /// <summary>Rule 5: an exclude suffix matches, and no include suffix at least as long does.</summary>
    private bool IsExcluded(ReadOnlySpan<char> name)
    {
        var excluded = LongestMatch(_excludeSuffixes, name);
        return excluded > 0 && LongestMatch(_includeSuffixes, name) < excluded;
    }

    private bool IncludeThatWins(ReadOnlySpan<char> name) =>
        LongestMatch(_excludeSuffixes, name) is var excluded and > 0
        && LongestMatch(_includeSuffixes, name) >= excluded;

    /// <summary>Length of the matching route with its trailing dot, without the dot before it; 0: none.</summary>
    private int RouteOf(ReadOnlySpan<char> name)
    {
        for (var dot = name.IndexOf('.'); dot < name.Length - 1; )
        {
            var rest = name[(dot + 1)..];
            if (_routes.Contains(rest))
                return rest.Length;
            dot += 1 + rest.IndexOf('.');
        }
        return 0;
    }

    /// <summary>Only as a whole-label suffix, so that what remains still ends with a dot.</summary>
    private ReadOnlySpan<char> Strip(ReadOnlySpan<char> name)
    {
        foreach (var suffix in _strippedSuffixes)
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal) && name[..^suffix.Length].EndsWith("."))
                return name[..^suffix.Length];
        }
        return name;
    }

    private static bool HasInnerSearchDomain(ReadOnlySpan<char> name)
    {
        foreach (var range in name.Split('.'))
        {
            if (name[range].SequenceEqual(SearchDomain.AsSpan()[..^1]))
                return true;
        }
        return false;
    }

    private static int LongestMatch(string[] suffixes, ReadOnlySpan<char> name)
    {
        var longest = 0;
        foreach (var suffix in suffixes)
        {
            if (suffix.Length > longest && EndsWith(name, suffix))
                longest = suffix.Length;
        }
        return longest;
    }

    private static bool EndsWith(ReadOnlySpan<char> name, string suffix) =>
        suffix.Length > 0 && name.TrimEnd('.').EndsWith(suffix, StringComparison.Ordinal);
}
