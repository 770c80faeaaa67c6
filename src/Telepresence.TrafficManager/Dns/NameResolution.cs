using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Services;

namespace Telepresence.TrafficManager.Dns;

/// <summary>
/// Turns the names clients ask for into the absolute names cluster DNS knows, in the order a pod's resolver tries them
/// (search path, <c>ndots:5</c>), and answers under the name that was asked for.
/// </summary>
internal sealed class NameResolution(IClusterDns dns, ClusterStateFeed feed)
{
    private const int NoError = 0;
    private const int NameError = 3;

    // Clients cache themselves; a short life keeps the operating system's cache fresh.
    private const uint TimeToLive = 4;

    /// <param name="name">Absolute, with or without the last dot.</param>
    /// <param name="type">RR type.</param>
    /// <param name="clientNamespace">Completes single labels.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    public async ValueTask<ClusterDnsAnswer> ResolveAsync(
        string name,
        ushort type,
        string clientNamespace,
        CancellationToken cancellationToken
    )
    {
        var asked = name.EndsWith('.') ? name : name + ".";
        var best = new ClusterDnsAnswer(NameError, []);
        var first = true;
        foreach (var candidate in Candidates(asked.ToLowerInvariant(), clientNamespace))
        {
            var answer = await dns.ResolveAsync(candidate, type, clientNamespace, cancellationToken)
                .ConfigureAwait(false);
            if (answer.ResponseCode == NoError && answer.Records.Count > 0)
                return Relabel(answer, asked, type);
            // NODATA says more than NXDOMAIN, and that more than a failure of a later try.
            if (first || answer.ResponseCode == NoError)
                best = answer with { Records = [] };
            first = false;
        }
        return best;
    }

    private IEnumerable<string> Candidates(string name, string clientNamespace)
    {
        var facts = feed.Current;
        var domain = facts.ClusterDomain;
        var dots = name.Count(c => c == '.');
        if (name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase) || dots > 5)
            return [name];
        var search = new[] { $"{facts.ManagerNamespace}.svc.{domain}", $"svc.{domain}", domain };
        if (dots == 1)
            return clientNamespace.Length > 0
                ? [$"{name}{clientNamespace}.svc.{domain}", name]
                : [.. search.Select(s => name + s), name];
        var candidates = search.Select(s => name + s).Append(name);
        return clientNamespace.Length > 0 ? candidates.Append($"{name}{clientNamespace}.svc.{domain}") : candidates;
    }

    private static ClusterDnsAnswer Relabel(ClusterDnsAnswer answer, string asked, ushort type) =>
        new(
            NoError,
            [
                .. answer
                    .Records.Where(record => record.Type == type)
                    .Select(record => record with { Name = asked, TimeToLive = TimeToLive }),
            ]
        );
}
