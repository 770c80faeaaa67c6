using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session.Views;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session;

/// <summary>What can be asked of an engine's sessions. Answers come from the kernel and the stack, not from memory.</summary>
internal sealed class SessionQueries(SessionRegistry registry, SessionServices services)
{
    public TelepresenceSubnet[] Subnets(string? session) =>
        [.. registry.Find(session).SelectMany(s => PlanViews.Subnets(s.Plan, s.Translation.SubnetMap(), s.Name))];

    public TelepresenceRoute[] Routes(RoutesParameters parameters) =>
        [
            .. RouteViews.All(
                services.Routing.Snapshot(),
                [.. registry.Find(parameters.Session).Select(s => s.Routes)],
                parameters.IncludeSystem
            ),
        ];

    /// <exception cref="TelepresenceException">InvalidAddress.</exception>
    public async Task<TelepresenceRouteDecision[]> FindRoutesAsync(
        FindRouteParameters parameters,
        CancellationToken cancellationToken
    )
    {
        var addresses = parameters.Addresses.Select(ParseAddress).ToArray();
        var objects = new Dictionary<EngineSession, IReadOnlyDictionary<IPAddress, string>>();
        foreach (var session in registry.All)
            objects[session] = await session.Objects.GetAsync(cancellationToken).ConfigureAwait(false);
        var snapshot = services.Routing.Snapshot();
        return [.. addresses.Select(address => FindRoute(address, parameters, snapshot, objects))];
    }

    public TelepresenceVirtualAddress[] VirtualAddresses(string? session) =>
        [
            .. registry
                .Find(session)
                .SelectMany(s =>
                    s.Translation.Snapshot().Select(pair => VirtualAddress(s, pair.Virtual, pair.Cluster))
                ),
        ];

    /// <exception cref="TelepresenceException">InvalidAddress, AddressNotInSession.</exception>
    public TelepresenceVirtualAddress[] ToVirtual(AddressParameters parameters) =>
        [
            .. parameters
                .Addresses.Select(ParseAddress)
                .Select(cluster =>
                {
                    var session = registry
                        .Find(parameters.Session)
                        .FirstOrDefault(s => s.Plan.Subnets.Any(p => p.Prefix.Contains(cluster)));
                    return session is null
                        ? throw NotInSession(cluster)
                        : VirtualAddress(session, session.Translation.ToVirtual(cluster), cluster);
                }),
        ];

    /// <exception cref="TelepresenceException">InvalidAddress, AddressNotInSession.</exception>
    public TelepresenceVirtualAddress[] ToCluster(AddressParameters parameters) =>
        [
            .. parameters
                .Addresses.Select(ParseAddress)
                .Select(address =>
                {
                    foreach (var session in registry.Find(parameters.Session))
                    {
                        if (session.Translation.TryToCluster(address, out var cluster))
                            return VirtualAddress(session, address, cluster);
                        if (session.Plan.Proxied.Concat(session.Plan.Overriding).Any(p => p.Contains(address)))
                            return VirtualAddress(session, address, address);
                    }
                    throw NotInSession(address);
                }),
        ];

    public async Task<TelepresenceConnection[]> ConnectionsAsync(string? name, CancellationToken cancellationToken)
    {
        var owners = SocketOwners.Snapshot();
        var connections = new List<TelepresenceConnection>();
        foreach (var session in registry.Find(name))
        {
            var objects = await session.Objects.GetAsync(cancellationToken).ConfigureAwait(false);
            connections.AddRange(ConnectionViews.All(session, owners, objects));
        }
        return [.. connections];
    }

    /// <summary>Ends the named connections; returns how many there were.</summary>
    public int StopConnections(StopConnectionParameters parameters)
    {
        var wanted = parameters.Connections.ToHashSet();
        var stopped = 0;
        foreach (var session in registry.All)
        {
            var (tcp, udp) = session.Flows;
            foreach (var flow in tcp)
            {
                if (!wanted.Contains(ConnectionViews.KeyOf(TransportProtocol.Tcp, flow.Endpoints)))
                    continue;
                flow.Abort();
                stopped++;
            }
            foreach (var flow in udp)
            {
                if (!wanted.Contains(ConnectionViews.KeyOf(TransportProtocol.Udp, flow.Endpoints)))
                    continue;
                flow.Close();
                stopped++;
            }
        }
        return stopped;
    }

    public TelepresenceDnsQuery[] DnsQueries(DnsQueriesParameters parameters) =>
        [
            .. services
                .DnsQueries.Last(Math.Clamp(parameters.Last, 1, 10_000))
                .Where(q => parameters.Session is null || q.Session == parameters.Session)
                .Select(DnsViews.View),
        ];

    /// <summary>Asks as a program on this machine would.</summary>
    /// <exception cref="TelepresenceException">InvalidParameter, NameNotFound.</exception>
    public async Task<TelepresenceDnsRecord[]> ResolveAsync(
        ResolveParameters parameters,
        CancellationToken cancellationToken
    )
    {
        var name = parameters.Name.TrimEnd('.').ToLowerInvariant() + ".";
        ushort[] types = parameters.Type is { } text
            ?
            [
                DnsViews.TypeNumber(text)
                    ?? throw InvalidParameter("Type", text, "it is not A, AAAA, CNAME, MX, NS, PTR, SRV or TXT"),
            ]
            : [RecordType.A, RecordType.Aaaa];
        var records = new List<TelepresenceDnsRecord>();
        var code = ResponseCode.NoError;
        foreach (var type in types)
        {
            var answer = await ResolveAsync(name, type, parameters.Session, cancellationToken).ConfigureAwait(false);
            records.AddRange(answer.Records);
            code = Math.Max(code, answer.Code);
        }
        return records.Count > 0
            ? [.. records]
            : throw ErrorCatalogue.Error(
                ErrorId.NameNotFound,
                parameters.Name,
                ("name", parameters.Name),
                ("type", parameters.Type ?? "A or AAAA"),
                ("code", DnsViews.CodeName(code))
            );
    }

    private async Task<(int Code, List<TelepresenceDnsRecord> Records)> ResolveAsync(
        string name,
        ushort type,
        string? only,
        CancellationToken cancellationToken
    )
    {
        var query = DnsViews.Query(name, type) ?? throw InvalidParameter("Name", name, "it is not a domain name");
        foreach (var session in registry.Find(only))
        {
            var resolution = await session.Dns.ResolveAsync(name, type, cancellationToken).ConfigureAwait(false);
            if (resolution.Answer is not { } answer || (!answer.IsSuccess && !resolution.IsExclusive))
                continue;
            var message = (byte[])[.. query, .. answer.Records];
            var records = DnsViews.Records(
                message,
                query.Length,
                DnsViews.SourceOf(resolution.By),
                session.Name,
                address => session.Translation.TryToCluster(address, out var cluster) ? cluster : address
            );
            return (answer.ResponseCode, records);
        }
        if (registry.NameServer?.Upstream is not { } upstream)
            return (ResponseCode.NonexistentDomain, []);
        var foreign = await upstream.ForwardAsync(query, tcp: true, cancellationToken).ConfigureAwait(false);
        return foreign is null || foreign.Length < query.Length
            ? (ResponseCode.ServerFailure, [])
            : (
                DnsResponse.CodeOf(foreign),
                DnsViews.Records(foreign, query.Length, DnsAnswerSource.Upstream, "", toCluster: null)
            );
    }

    private TelepresenceRouteDecision FindRoute(
        IPAddress address,
        FindRouteParameters parameters,
        RoutingSnapshot snapshot,
        Dictionary<EngineSession, IReadOnlyDictionary<IPAddress, string>> objects
    )
    {
        byte? protocol = parameters.Protocol switch
        {
            TransportProtocol.Tcp => 6,
            TransportProtocol.Udp => 17,
            _ => null,
        };
        var found = services.Routing.Lookup(
            new RouteQuery(address, protocol, DestinationPort: (ushort)parameters.RemotePort)
        );
        var session = objects.Keys.FirstOrDefault(s => s.Routes.InterfaceIndex == found.InterfaceIndex);
        var cluster = session?.Resolve(new IPEndPoint(address, 0))?.Address;
        var owner = snapshot.Interfaces.FirstOrDefault(i => i.Index == found.InterfaceIndex) is { } on
            ? InterfaceOwner.Of(on)
            : "";
        var winner = found.Route is { } route ? RouteViews.View(route, session?.Routes, owner) : null;
        var moved = cluster is null ? MovedTo(address) : null;
        return new TelepresenceRouteDecision
        {
            RemoteAddress = address.ToString(),
            RemotePort = parameters.RemotePort,
            IsTelepresence = session is not null,
            Session = session?.Name ?? "",
            DestinationPrefix = winner?.DestinationPrefix ?? "",
            NextHop = found.NextHop?.ToString() ?? winner?.NextHop ?? "",
            InterfaceAlias = found.InterfaceName,
            InterfaceIndex = (uint)found.InterfaceIndex,
            InterfaceOwner = owner,
            RouteMetric = winner?.RouteMetric ?? 0,
            Table = found.Table,
            SourceAddress = found.Source?.ToString() ?? "",
            Origin = winner?.Origin ?? RouteOrigin.System,
            Disposition = winner?.Disposition ?? RouteDisposition.Excluded,
            ClusterAddress = cluster?.ToString() ?? "",
            VirtualAddress = moved?.Address.ToString() ?? "",
            Via = cluster is null ? "" : session!.WorkloadFor(cluster),
            DnsName = cluster is null ? "" : session!.Names.Find(cluster),
            KubernetesObject = cluster is null ? "" : objects[session!].GetValueOrDefault(cluster, ""),
            Reason = ReasonFor(found, winner, owner, session, address, cluster) + MovedText(address, moved),
            Candidates = RouteViews.Losers(snapshot, address, found.Route),
            Route = winner,
        };
    }

    /// <summary>Where the cluster's address of this number is now, if a session moved its subnet out of the way.</summary>
    private (string Session, IPAddress Address)? MovedTo(IPAddress address)
    {
        foreach (var session in registry.All)
        {
            try
            {
                if (session.Translation.IsTranslated(address))
                    return (session.Name, session.Translation.ToVirtual(address));
            }
            catch (VirtualSubnetExhaustedException)
            {
                // It has none, and a look must not fail for that.
                return null;
            }
        }
        return null;
    }

    private static string MovedText(IPAddress address, (string Session, IPAddress Address)? moved) =>
        moved is var (session, at) ? $" The cluster's own {address} is at {at} (session {session})." : "";

    private static string ReasonFor(
        RouteLookup found,
        TelepresenceRoute? winner,
        string owner,
        EngineSession? session,
        IPAddress address,
        IPAddress? cluster
    )
    {
        if (found.Error is { } error)
            return $"The system has no way to it: {error}.";
        var whose = owner.Length > 0 && session is null ? $" ({owner})" : "";
        var way =
            $"The system's look-up chose {winner?.DestinationPrefix ?? "a route"} on {found.InterfaceName}{whose}";
        if (session is null)
            return $"{way}; it does not go into any cluster.";
        if (cluster is null)
            return $"{way}, the interface of session {session.Name}, but no cluster address is behind it.";
        return cluster.Equals(address)
            ? $"{way}, the interface of session {session.Name}."
            : $"{way}, the interface of session {session.Name}, where it stands for {cluster}.";
    }

    private static TelepresenceVirtualAddress VirtualAddress(
        EngineSession session,
        IPAddress shown,
        IPAddress cluster
    ) =>
        new()
        {
            VirtualAddress = shown.ToString(),
            ClusterAddress = cluster.ToString(),
            IsTranslated = !shown.Equals(cluster),
            Via = session.WorkloadFor(cluster),
            DnsName = session.Names.Find(cluster),
            Session = session.Name,
        };

    private static IPAddress ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address)
            ? address
            : throw ErrorCatalogue.Error(ErrorId.InvalidAddress, text, ("value", text));

    private static TelepresenceException NotInSession(IPAddress address) =>
        ErrorCatalogue.Error(ErrorId.AddressNotInSession, address.ToString(), ("address", address));

    private static TelepresenceException InvalidParameter(string parameter, string value, string reason) =>
        ErrorCatalogue.InvalidParameter("Resolve-TelepresenceName", parameter, value, reason);
}
