using System.Net;

namespace Telepresence.Engine.Dns;

/// <summary>What a session's names are, and how they are looked up (PROTOCOL §3.2–3.4, §5.2).</summary>
internal sealed record DnsZoneOptions
{
    /// <summary>Upstream's defaults: what is surely not in the cluster.</summary>
    public static readonly IReadOnlyList<string> DefaultExcludeSuffixes = [".com", ".io", ".net", ".org", ".ru"];

    /// <summary>Shown in the query log.</summary>
    public required string Session { get; init; }

    /// <summary>The connected namespace: single labels are names in it.</summary>
    public required string Namespace { get; init; }

    /// <summary>Namespaces whose names are the cluster's.</summary>
    public IReadOnlyList<string> MappedNamespaces { get; init; } = [];

    public string ClusterDomain { get; init; } = "cluster.local.";

    /// <summary>
    /// A label behind <c>web.demo.svc</c> that leads to this session and no other, for clusters that have the same names; null:
    /// none.
    /// </summary>
    public string? SessionDomain { get; init; }

    /// <summary>The host's own search list where it is bypassed (captured name servers): stripped from names.</summary>
    public IReadOnlyList<string> HostSearchDomains { get; init; } = [];

    /// <summary>Names never asked of the cluster.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    public IReadOnlyList<string> ExcludeSuffixes { get; init; } = DefaultExcludeSuffixes;

    public IReadOnlyList<string> IncludeSuffixes { get; init; } = [];

    public IReadOnlyList<DnsMapping> Mappings { get; init; } = [];

    /// <summary>Addresses the server itself is reached at; their PTR is the cluster domain.</summary>
    public IReadOnlyList<IPAddress> ServerAddresses { get; init; } = [];

    /// <summary>Subnets of the cluster that are routed untranslated: their PTR queries go to the cluster.</summary>
    public IReadOnlyList<IPNetwork> ReverseSubnets { get; init; } = [];

    /// <summary>How long the cluster may take for an answer.</summary>
    public TimeSpan LookupTimeout { get; init; } = TimeSpan.FromSeconds(4);

    public TimeSpan CacheLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many names the cache holds.</summary>
    public int CacheCapacity { get; init; } = 10_000;

    /// <summary>How many look-ups may wait for the cluster at once; more are answered SERVFAIL.</summary>
    public int MaxPendingLookups { get; init; } = 1024;
}

/// <summary>A name answered by another name or address (<c>dns.mappings</c>).</summary>
/// <param name="AliasFor">A domain name or an IP address.</param>
internal sealed record DnsMapping(string Name, string AliasFor);
