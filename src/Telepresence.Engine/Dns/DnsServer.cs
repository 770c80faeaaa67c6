using System.Net;
using System.Net.Sockets;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Dns;

/// <summary>
/// One session's names. Questions come from a <see cref="DnsFront"/>, which asks each session in turn.
/// </summary>
/// <param name="upstream">For mappings to names outside of the cluster; null where there is none.</param>
internal sealed class DnsServer(
    DnsZoneOptions options,
    IClusterResolver cluster,
    IAddressTranslation? translation,
    IUpstreamResolver? upstream,
    TimeProvider time,
    DnsStatistics statistics
) : IDisposable
{
    private const int MaxMappingDepth = 8;

    private static readonly DnsResolution NotOurs = new(null, DnsAnsweredBy.Local, IsExclusive: false);

    private readonly CancellationTokenSource _disposed = new();
    private readonly DnsCache _cache = new(time, options.CacheLifetime, options.CacheCapacity);
    private volatile Zone _zone = new(options);
    private int _pending;

    public DnsZoneOptions Options => _zone.Options;

    /// <summary>Domains that the operating system should send here (PROTOCOL §3.6), without trailing dots.</summary>
    public IReadOnlyList<string> RoutingDomains =>
        [
            .. _zone
                .Rules.Routes.Append(Options.ClusterDomain)
                .Concat(_zone.Rules.SessionDomains)
                .Concat(Options.IncludeSuffixes.Select(suffix => suffix.TrimStart('.')))
                .Select(domain => DnsName.Normalize(domain).TrimEnd('.'))
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>The search list the operating system should have, without trailing dots.</summary>
    public IReadOnlyList<string> SearchDomains => [DnsRules.SearchDomain.TrimEnd('.'), Options.Namespace];

    /// <summary>Takes over changed namespaces, mappings and the like, and forgets what was cached.</summary>
    public void Update(DnsZoneOptions changed)
    {
        _zone = new Zone(changed);
        _cache.Flush();
    }

    /// <summary>Forgets what was cached, such as when agents changed.</summary>
    public void FlushCache() => _cache.Flush();

    /// <summary>Answers without waiting, where that is possible.</summary>
    /// <param name="name">Lower case, trailing dot.</param>
    public bool TryResolve(ReadOnlySpan<char> name, ushort type, out DnsResolution resolution)
    {
        var zone = _zone;
        if (
            zone.HasMappings
            && zone.FindMapping(name) is not null
            && type is RecordType.A or RecordType.Aaaa or RecordType.CName
        )
        {
            resolution = default;
            return false;
        }
        if (IsReverse(name))
        {
            resolution = NotOurs;
            return type == RecordType.Ptr ? TryResolveReverse(zone, name, out resolution) : true;
        }
        var ruling = zone.Rules.Decide(name);
        switch (ruling.Decision)
        {
            case DnsDecision.NotOurs:
                resolution = NotOurs with { IsExclusive = ruling.IsExclusive };
                return true;
            case DnsDecision.Nonexistent:
                resolution = new DnsResolution(DnsAnswer.NonexistentDomain, DnsAnsweredBy.Local, IsExclusive: true);
                return true;
            case DnsDecision.Loopback:
                resolution = new DnsResolution(LoopbackAnswer(type), DnsAnsweredBy.Local, IsExclusive: true);
                return true;
        }
        if (RecordType.IndexOf(type) < 0)
        {
            resolution = new DnsResolution(DnsAnswer.NotImplemented, DnsAnsweredBy.Local, ruling.IsExclusive);
            return true;
        }
        var lookup = name[..ruling.LookupLength];
        if (_cache.Find(lookup, type) is { } answer)
        {
            if (answer.ResponseCode == ResponseCode.NonexistentDomain && SiblingOf(type) is { } sibling)
            {
                if (_cache.Find(lookup, sibling) is { IsSuccess: true })
                    answer = DnsAnswer.NoData;
            }
            resolution = new DnsResolution(answer, DnsAnsweredBy.Cache, ruling.IsExclusive);
            return true;
        }
        resolution = default;
        return false;
    }

    /// <summary>Answers, asking the cluster where that is needed. Failures are answers too (SERVFAIL, NXDOMAIN).</summary>
    /// <param name="name">Lower case, trailing dot.</param>
    /// <exception cref="OperationCanceledException">Cancelled by the caller.</exception>
    public async ValueTask<DnsResolution> ResolveAsync(string name, ushort type, CancellationToken cancellationToken)
    {
        if (TryResolve(name, type, out var resolution))
            return resolution;
        var zone = _zone;
        if (type is RecordType.A or RecordType.Aaaa or RecordType.CName && zone.FindMapping(name) is { } mapping)
        {
            var mapped = await ResolveMappingAsync(name, mapping, type, cancellationToken).ConfigureAwait(false);
            return new DnsResolution(mapped, DnsAnsweredBy.Mapping, IsExclusive: true);
        }
        if (IsReverse(name))
        {
            var reverse = await LookUpAsync(name, type, cancellationToken).ConfigureAwait(false);
            return new DnsResolution(reverse, DnsAnsweredBy.Cluster, IsExclusive: true);
        }
        var ruling = zone.Rules.Decide(name);
        var answer = await LookUpAsync(name[..ruling.LookupLength], type, cancellationToken).ConfigureAwait(false);
        return new DnsResolution(answer, DnsAnsweredBy.Cluster, ruling.IsExclusive);
    }

    /// <summary>Ends the look-ups that wait.</summary>
    public void Dispose()
    {
        if (_disposed.IsCancellationRequested)
            return;
        _disposed.Cancel();
        _disposed.Dispose();
    }

    private static bool IsReverse(ReadOnlySpan<char> name) => name.EndsWith(".arpa.", StringComparison.Ordinal);

    private static ushort? SiblingOf(ushort type) =>
        type switch
        {
            RecordType.A => RecordType.Aaaa,
            RecordType.Aaaa => RecordType.A,
            _ => null,
        };

    private static DnsAnswer LoopbackAnswer(ushort type)
    {
        var address = type switch
        {
            RecordType.A => IPAddress.Loopback,
            RecordType.Aaaa => IPAddress.IPv6Loopback,
            _ => null,
        };
        if (address is null)
            return DnsAnswer.NoData;
        var builder = new DnsAnswerBuilder("", translation: null);
        builder.TryAddAddress("", address);
        return builder.Build();
    }

    /// <summary>True when the answer needs no look-up: not ours, or the server's own address.</summary>
    private bool TryResolveReverse(Zone zone, ReadOnlySpan<char> name, out DnsResolution resolution)
    {
        resolution = NotOurs;
        if (ReverseName.Parse(name) is not { } address)
            return true;
        if (zone.Options.ServerAddresses.Contains(address))
        {
            var builder = new DnsAnswerBuilder("", translation: null);
            builder.TryAddName("", RecordType.Ptr, DnsName.Normalize(zone.Options.ClusterDomain));
            resolution = new DnsResolution(builder.Build(), DnsAnsweredBy.Local, IsExclusive: true);
            return true;
        }
        if (!IsOurs(zone, address))
            return true;
        if (_cache.Find(name, RecordType.Ptr) is not { } answer)
            return false;
        resolution = new DnsResolution(answer, DnsAnsweredBy.Cache, IsExclusive: true);
        return true;
    }

    private bool IsOurs(Zone zone, IPAddress address)
    {
        if (translation is not null && translation.TryToCluster(address, out _))
            return true;
        foreach (var subnet in zone.Options.ReverseSubnets)
        {
            if (subnet.Contains(address))
                return true;
        }
        return false;
    }

    /// <summary>
    /// One family that fails while the other has addresses is NODATA, not NXDOMAIN: resolvers that ask for both at once
    /// would otherwise take the name for nonexistent.
    /// </summary>
    private async Task<DnsAnswer> LookUpAsync(string name, ushort type, CancellationToken cancellationToken)
    {
        var answer = await _cache
            .GetOrLookUp(name, type, AskClusterAsync)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        if (answer.ResponseCode != ResponseCode.NonexistentDomain || SiblingOf(type) is not { } sibling)
            return answer;
        var other = _cache.Pending(name, sibling) is { } pending
            ? await pending.WaitAsync(cancellationToken).ConfigureAwait(false)
            : _cache.Find(name, sibling);
        return other is { IsSuccess: true } ? DnsAnswer.NoData : answer;
    }

    private async Task<DnsAnswer> AskClusterAsync(string name, ushort type)
    {
        if (Interlocked.Increment(ref _pending) > Options.MaxPendingLookups)
        {
            Interlocked.Decrement(ref _pending);
            return DnsAnswer.ServerFailure;
        }
        try
        {
            var asked = name;
            if (
                type == RecordType.Ptr
                && ReverseName.Parse(name) is { } address
                && translation is not null
                && translation.TryToCluster(address, out var real)
            )
                asked = ReverseName.Format(real);
            using var limit = new CancellationTokenSource(Options.LookupTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _disposed.Token);
            var (code, records) = await cluster
                .LookupAsync(asked, type, either.Token)
                .AsTask()
                .WaitAsync(either.Token)
                .ConfigureAwait(false);
            return ToAnswer(asked, code, records.Span);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && !IsDisposed)
        {
            return DnsAnswer.TimedOut;
        }
        catch (Exception e)
            when (e
                    is IOException
                        or VirtualSubnetExhaustedException
                        or OperationCanceledException
                        or ObjectDisposedException
            )
        {
            return DnsAnswer.ServerFailure;
        }
        finally
        {
            Interlocked.Decrement(ref _pending);
        }
    }

    private bool IsDisposed => _disposed.IsCancellationRequested;

    private DnsAnswer ToAnswer(string asked, int code, ReadOnlySpan<byte> records)
    {
        if (code == ResponseCode.NonexistentDomain)
            return DnsAnswer.NonexistentDomain;
        if (code != ResponseCode.NoError)
        {
            // Internal codes, such as 3841 for "no agent could answer", never go to a client.
            return code is > 0 and < 16 ? new DnsAnswer(code, 0, []) : DnsAnswer.ServerFailure;
        }
        if (records.IsEmpty)
            return DnsAnswer.NoData;
        var builder = new DnsAnswerBuilder(asked, translation);
        if (builder.TryAddRecords(records))
            return builder.Build();
        statistics.CountMalformedAnswer();
        return DnsAnswer.ServerFailure;
    }

    private async Task<DnsAnswer> ResolveMappingAsync(
        string name,
        string alias,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        var builder = new DnsAnswerBuilder(name, translation);
        var owner = name;
        try
        {
            for (var depth = 0; depth < MaxMappingDepth; depth++)
            {
                if (IPAddress.TryParse(alias, out var address))
                {
                    var isAsked =
                        type == (address.AddressFamily == AddressFamily.InterNetwork ? RecordType.A : RecordType.Aaaa);
                    if (isAsked)
                        builder.TryAddAddress(owner, address);
                    return builder.Build();
                }
                var target = DnsName.Normalize(alias);
                if (!builder.TryAddName(owner, RecordType.CName, target))
                    return DnsAnswer.ServerFailure;
                if (type == RecordType.CName)
                    return builder.Build();
                owner = target;
                if (_zone.FindMapping(target) is { } next)
                {
                    alias = next;
                    continue;
                }
                return await AddTargetAsync(builder, target, type, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (VirtualSubnetExhaustedException)
        {
            return DnsAnswer.ServerFailure;
        }
        return DnsAnswer.ServerFailure;
    }

    private async Task<DnsAnswer> AddTargetAsync(
        DnsAnswerBuilder builder,
        string target,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        var resolution = await ResolveAsync(target, type, cancellationToken).ConfigureAwait(false);
        if (resolution.Answer is { IsSuccess: true } found)
            return builder.TryAddAnswer(target, found) ? builder.Build() : DnsAnswer.ServerFailure;
        if (resolution.IsExclusive || upstream is null)
            return resolution.Answer ?? DnsAnswer.NonexistentDomain;
        var question = DnsQuestion.Write(target, type);
        var response = await upstream.ForwardAsync(question, tcp: false, cancellationToken).ConfigureAwait(false);
        if (response is not null && DnsResponse.IsTruncated(response))
            response = await upstream.ForwardAsync(question, tcp: true, cancellationToken).ConfigureAwait(false);
        if (response is null)
            return DnsAnswer.ServerFailure;
        if (DnsResponse.CodeOf(response) is not ResponseCode.NoError and var code)
            return new DnsAnswer(code, 0, []);
        if (builder.TryAddAnswersOf(response))
            return builder.Build();
        statistics.CountMalformedAnswer();
        return DnsAnswer.ServerFailure;
    }

    private sealed class Zone(DnsZoneOptions options)
    {
        private readonly Dictionary<string, string> _mappings = options
            .Mappings.GroupBy(mapping => DnsName.Normalize(mapping.Name), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().AliasFor, StringComparer.Ordinal);

        public DnsZoneOptions Options { get; } = options;

        public DnsRules Rules { get; } = new(options);

        public bool HasMappings => _mappings.Count > 0;

        public string? FindMapping(ReadOnlySpan<char> name)
        {
            var lookup = _mappings.GetAlternateLookup<ReadOnlySpan<char>>();
            return
                lookup.TryGetValue(name, out var alias)
                || lookup.TryGetValue(name[..Rules.Decide(name).LookupLength], out alias)
                ? alias
                : null;
        }
    }
}
