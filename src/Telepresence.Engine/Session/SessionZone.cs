using Telepresence.Engine.Dns;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Session.Planning;

namespace Telepresence.Engine.Session;

/// <summary>Joins what user, configuration and cluster say about names into one <see cref="DnsZoneOptions"/>.</summary>
/// <param name="Session">Name of the session.</param>
/// <param name="Namespace">The connected one.</param>
/// <param name="MappedNamespaces">The user's; empty: not said.</param>
/// <param name="ClusterNamespaces">All that may be listed.</param>
internal sealed record SessionZone(
    string Session,
    string Namespace,
    IReadOnlyList<string> MappedNamespaces,
    IReadOnlyList<string> ClusterNamespaces,
    ClientConfiguration Configuration
)
{
    /// <summary>Whether namespaces that come and go with the cluster's count: nobody named others.</summary>
    public bool FollowsCluster => MappedNamespaces.Count == 0 && Configuration.MappedNamespaces is not { Count: > 0 };

    public DnsZoneOptions Options(ManagerClusterInfo info, SubnetPlan plan, IDnsPlumbing plumbing)
    {
        var defaults = new DnsZoneOptions { Session = Session, Namespace = Namespace };
        return defaults with
        {
            MappedNamespaces = EffectiveNamespaces(),
            ClusterDomain = info.ClusterDomain,
            SessionDomain = SessionDomain(Session),
            HostSearchDomains = plumbing.HostSearchDomains,
            Excludes = Configuration.DnsExcludes ?? [],
            ExcludeSuffixes =
                Configuration.DnsExcludeSuffixes ?? FirstOf(info.ExcludeSuffixes, defaults.ExcludeSuffixes),
            IncludeSuffixes = Configuration.DnsIncludeSuffixes ?? info.IncludeSuffixes,
            Mappings = Configuration.DnsMappings ?? [],
            ServerAddresses = [plan.VirtualIPv4.DnsAddress, .. plumbing.CapturedNameServers],
            ReverseSubnets = [.. plan.Proxied, .. plan.Overriding],
            LookupTimeout = Configuration.DnsLookup ?? defaults.LookupTimeout,
        };
    }

    /// <summary>
    /// The session's name as a domain name (RFC 1123): other characters become hyphens. Null when nothing is left of it,
    /// or too much.
    /// </summary>
    internal static string? SessionDomain(string session)
    {
        var text = string.Create(
            session.Length,
            session,
            static (span, name) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    var c = char.ToLowerInvariant(name[i]);
                    span[i] = char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-';
                }
            }
        );
        var labels = text.Split('.').Select(label => label.Trim('-')).ToArray();
        return labels.All(label => label.Length is > 0 and <= 63) && text.Length <= 128
            ? string.Join('.', labels)
            : null;
    }

    /// <summary>The user's, else the configuration's, else all that the cluster has; the connected one always.</summary>
    private IReadOnlyList<string> EffectiveNamespaces() =>
        [
            .. FirstOf(MappedNamespaces, Configuration.MappedNamespaces ?? [], ClusterNamespaces)
                .Append(Namespace)
                .Distinct(StringComparer.Ordinal),
        ];

    private static IReadOnlyList<string> FirstOf(params ReadOnlySpan<IReadOnlyList<string>> lists)
    {
        foreach (var list in lists)
        {
            if (list.Count > 0)
                return list;
        }
        return [];
    }
}
