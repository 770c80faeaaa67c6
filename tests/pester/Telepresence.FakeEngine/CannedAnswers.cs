using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.FakeEngine;

/// <summary>One session "demo-default" whose pod subnet is translated; contexts "missing" and "slow" misbehave.</summary>
internal sealed class CannedAnswers(string directory)
{
    private const string Session = "demo-default";
    private readonly LiveAnswers _live = new(directory);
    private static readonly DateTime _since = new(2026, 11, 22, 8, 0, 0, DateTimeKind.Utc);

    public JsonRpcMethods Methods(EngineRole role)
    {
        JsonRpcMethods methods = new();
        methods.Register<HelloParameters, HelloResult>(
            EngineMethods.Hello,
            (_, request, _) =>
            {
                _live.Join(request.Connection);
                return Task.FromResult(
                    new HelloResult("0.1.0", EngineMethods.ContractVersion, Environment.ProcessId, role)
                );
            }
        );
        methods.Register<ConnectParameters, TelepresenceSession>(EngineMethods.Connect, ConnectAsync);
        Answer<ConnectParameters, ConnectPlan>(methods, EngineMethods.Plan, Plan);
        methods.Register<SessionParameters>(EngineMethods.Disconnect, DisconnectAsync);
        Answer<SessionParameters, TelepresenceSession[]>(methods, EngineMethods.ListSessions, _ => [Connected(new())]);
        methods.Register<WaitParameters, TelepresenceSession>(EngineMethods.Wait, WaitAsync);
        Answer<RepairParameters, TelepresenceRepair[]>(
            methods,
            EngineMethods.Repair,
            _ =>
            {
                _live.Tell(
                    EngineMethods.ConflictDetected,
                    new ConflictNotice(Session, Conflicts(new ConflictParameters())[0])
                );
                return [new() { Kind = "Rule", Description = "pref 5300 to 192.0.2.53 dport 53" }];
            }
        );
        Answer<SessionParameters, TelepresenceSubnet[]>(methods, EngineMethods.Subnets, _ => Subnets());
        Answer<RoutesParameters, TelepresenceRoute[]>(methods, EngineMethods.Routes, Routes);
        Answer<FindRouteParameters, TelepresenceRouteDecision[]>(
            methods,
            EngineMethods.FindRoute,
            p => [.. p.Addresses.Select(a => Decide(a, p))]
        );
        Answer<ConflictParameters, TelepresenceConflict[]>(methods, EngineMethods.TestConflict, Conflicts);
        Answer<SessionParameters, TelepresenceVirtualAddress[]>(
            methods,
            EngineMethods.ListVirtualAddresses,
            _ => [Virtual("246.0.0.2", "10.244.0.2"), Virtual("246.0.0.3", "10.244.0.3")]
        );
        Answer<AddressParameters, TelepresenceVirtualAddress[]>(
            methods,
            EngineMethods.ToVirtual,
            p => [.. p.Addresses.Select(a => Virtual(Translated(a, "10.244.", "246.0."), a))]
        );
        Answer<AddressParameters, TelepresenceVirtualAddress[]>(
            methods,
            EngineMethods.ToCluster,
            p => [.. p.Addresses.Select(a => Virtual(a, Translated(a, "246.0.", "10.244.")))]
        );
        Answer<ResolveParameters, TelepresenceDnsRecord[]>(methods, EngineMethods.Resolve, Resolve);
        Answer<DnsQueriesParameters, TelepresenceDnsQuery[]>(methods, EngineMethods.DnsQueries, Queries);
        Answer<SessionParameters, TelepresenceConnection[]>(methods, EngineMethods.ListConnections, _ => Connections());
        Answer<StopConnectionParameters, int>(
            methods,
            EngineMethods.StopConnection,
            p =>
            {
                Note("stopped", string.Join(' ', p.Connections.Select(c => c.LocalPort)));
                return p.Connections.Count;
            }
        );
        LiveAnswers.Register(methods, Connections()[0], Note);
        ClusterAnswers.Register(methods, Note);
        EngagementAnswers.Register(methods, Note);
        ConfigurationAnswers.Register(methods, Note);
        InstallationAnswers.Register(methods, Note);
        return methods;
    }

    private async Task<TelepresenceSession> ConnectAsync(
        ConnectParameters parameters,
        JsonRpcRequest request,
        CancellationToken cancellationToken
    )
    {
        Note("connect", $"{parameters.Cluster.Kubeconfig}|{parameters.Subnets.AutoResolveConflicts}");
        foreach (var stage in new[] { ConnectStage.ApiServer, ConnectStage.Routes })
        {
            request.Connection.Notify(
                EngineMethods.Progress,
                new ConnectProgress(parameters.Operation!, stage, $"waiting for {stage}")
            );
        }
        switch (parameters.Cluster.Context)
        {
            case "missing":
                throw ErrorCatalogue.Error(
                    ErrorId.ContextNotFound,
                    "missing",
                    ("kind", "context"),
                    ("name", "missing"),
                    ("known", "demo, prod")
                );
            case "slow":
                await UntilCancelledAsync("connect", cancellationToken);
                break;
        }
        var session = Connected(parameters);
        _live.Tell(EngineMethods.SessionChanged, session);
        return session;
    }

    private Task DisconnectAsync(SessionParameters parameters, JsonRpcRequest request, CancellationToken _)
    {
        Note("disconnected", parameters.Session!);
        var session = Connected(new());
        session.State = SessionState.Disconnected;
        _live.Tell(EngineMethods.SessionChanged, session);
        return Task.CompletedTask;
    }

    private async Task<TelepresenceSession> WaitAsync(
        WaitParameters parameters,
        JsonRpcRequest request,
        CancellationToken cancellationToken
    )
    {
        if (parameters.State != SessionState.Connected)
        {
            await UntilCancelledAsync("wait", cancellationToken);
        }
        return Connected(new());
    }

    private async Task UntilCancelledAsync(string what, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            Note("cancelled", what);
        }
    }

    private static TelepresenceSession Connected(ConnectParameters parameters) =>
        new()
        {
            Name = parameters.Name ?? Session,
            State = SessionState.Connected,
            Context = parameters.Cluster.Context ?? "demo",
            Server = "https://127.0.0.1:6443",
            Namespace = parameters.Namespace ?? "default",
            MappedNamespaces = [.. parameters.MappedNamespaces],
            ManagerNamespace = "ambassador",
            ManagerName = "Traffic Manager",
            ManagerVersion = "v2.25.0",
            InterfaceAlias = "tel0",
            InterfaceIndex = 7,
            Subnets = ["10.96.0.0/16"],
            TranslatedSubnets = ["10.244.0.0/16"],
            ProxyVia = ["10.244.0.0/16=gateway"],
            VirtualSubnet = "246.0.0.0/10",
            DnsMode = "captured name servers",
            DnsServers = ["192.0.2.53"],
            ClusterDomain = "cluster.local",
            Since = _since,
            EngineProcessId = Environment.ProcessId,
            EngineVersion = "0.1.0",
        };

    private static ConnectPlan Plan(ConnectParameters parameters) =>
        new()
        {
            Name = Session,
            Context = parameters.Cluster.Context ?? "demo",
            Server = "https://127.0.0.1:6443",
            Namespace = "default",
            ManagerNamespace = "ambassador",
            ManagerVersion = "v2.25.0",
            VirtualSubnet = "246.0.0.0/10",
            DnsMode = "captured name servers",
            IsPossible = true,
            Subnets = Subnets(),
            Routes = Routes(new RoutesParameters()),
            Conflicts = Conflicts(new ConflictParameters()),
        };

    private static TelepresenceSubnet[] Subnets() =>
        [
            new()
            {
                Subnet = "10.96.0.0/16",
                Kind = SubnetKind.Service,
                Session = Session,
            },
            new()
            {
                Subnet = "10.244.0.0/16",
                Kind = SubnetKind.Pod,
                Disposition = RouteDisposition.Translated,
                VirtualSubnet = "246.0.0.0/16",
                Session = Session,
            },
        ];

    private static TelepresenceRoute[] Routes(RoutesParameters parameters)
    {
        TelepresenceRoute[] ours =
        [
            new()
            {
                DestinationPrefix = "10.96.0.0/16",
                NextHop = "0.0.0.0",
                InterfaceAlias = "tel0",
                InterfaceIndex = 7,
                Protocol = "Telepresence",
                Origin = RouteOrigin.Service,
                ClusterPrefix = "10.96.0.0/16",
                Session = Session,
            },
            new()
            {
                DestinationPrefix = "246.0.0.0/16",
                NextHop = "0.0.0.0",
                InterfaceAlias = "tel0",
                InterfaceIndex = 7,
                Protocol = "Telepresence",
                Origin = RouteOrigin.Virtual,
                Disposition = RouteDisposition.Translated,
                ClusterPrefix = "10.244.0.0/16",
                Session = Session,
            },
        ];
        return parameters.IncludeSystem
            ?
            [
                .. ours,
                new()
                {
                    DestinationPrefix = "10.244.0.0/15",
                    NextHop = "0.0.0.0",
                    InterfaceAlias = "wg0",
                    InterfaceIndex = 3,
                    Protocol = "NetMgmt",
                    Origin = RouteOrigin.System,
                },
            ]
            : ours;
    }

    private static TelepresenceRouteDecision Decide(string address, FindRouteParameters parameters) =>
        address.StartsWith("246.", StringComparison.Ordinal) || address.StartsWith("10.96.", StringComparison.Ordinal)
            ? new()
            {
                RemoteAddress = address,
                RemotePort = parameters.RemotePort,
                IsTelepresence = true,
                Session = Session,
                DestinationPrefix = "246.0.0.0/16",
                NextHop = "0.0.0.0",
                InterfaceAlias = "tel0",
                InterfaceIndex = 7,
                SourceAddress = "246.0.0.1",
                Origin = RouteOrigin.Virtual,
                Disposition = RouteDisposition.Translated,
                ClusterAddress = Translated(address, "246.0.", "10.244."),
                DnsName = "web.demo",
                Reason = "246.0.0.0/16 is the most specific route",
                Candidates =
                [
                    new()
                    {
                        DestinationPrefix = "0.0.0.0/0",
                        NextHop = "192.0.2.1",
                        InterfaceAlias = "eth0",
                        InterfaceIndex = 2,
                        LostBecause = "less specific than 246.0.0.0/16",
                    },
                ],
                Route = Routes(new RoutesParameters())[1],
            }
            : new()
            {
                RemoteAddress = address,
                RemotePort = parameters.RemotePort,
                DestinationPrefix = "0.0.0.0/0",
                NextHop = "192.0.2.1",
                InterfaceAlias = "eth0",
                InterfaceIndex = 2,
                Origin = RouteOrigin.System,
                Reason = "only the default route matches",
            };

    private static TelepresenceConflict[] Conflicts(ConflictParameters parameters) =>
        [
            .. (parameters.PodSubnets.Count > 0 ? parameters.PodSubnets : ["10.244.0.0/16"]).Select(
                pod => new TelepresenceConflict
                {
                    Subnet = pod,
                    Kind = SubnetKind.Pod,
                    ConflictingRoute = "10.244.0.0/15",
                    InterfaceAlias = "wg0",
                    Owner = "WireGuard",
                    Severity =
                        parameters.Subnets.AutoResolveConflicts == false
                            ? ConflictSeverity.Blocking
                            : ConflictSeverity.Resolved,
                    Resolution =
                        parameters.Subnets.AutoResolveConflicts == false
                            ? ConflictResolution.Refused
                            : ConflictResolution.Translate,
                    VirtualSubnet = "246.0.0.0/16",
                    Recommendation = $"Connect-Telepresence -Vnat {pod}",
                    Alternatives =
                    [
                        $"Connect-Telepresence -Vnat {pod}",
                        $"Connect-Telepresence -AllowConflictingSubnet {pod}",
                        $"Connect-Telepresence -NeverProxy {pod}",
                    ],
                }
            ),
            new() { Subnet = "10.96.0.0/16", Kind = SubnetKind.Service },
        ];

    private static TelepresenceVirtualAddress Virtual(string address, string cluster) =>
        new()
        {
            VirtualAddress = address,
            ClusterAddress = cluster,
            IsTranslated = true,
            DnsName = "web.demo",
            Session = Session,
        };

    private static string Translated(string address, string from, string to)
    {
        if (!address.StartsWith(from, StringComparison.Ordinal))
        {
            throw ErrorCatalogue.Error(ErrorId.AddressNotInSession, address, ("address", address));
        }
        return to + address[from.Length..];
    }

    private static TelepresenceDnsRecord[] Resolve(ResolveParameters parameters) =>
        parameters.Name.StartsWith("nothing", StringComparison.Ordinal)
            ? throw ErrorCatalogue.Error(
                ErrorId.NameNotFound,
                parameters.Name,
                ("name", parameters.Name),
                ("type", parameters.Type ?? "A"),
                ("code", "NXDOMAIN")
            )
            :
            [
                new()
                {
                    Name = parameters.Name,
                    Type = "CNAME",
                    TTL = 30,
                    NameHost = "web.demo.svc.cluster.local",
                    Session = Session,
                },
                new()
                {
                    Name = "web.demo.svc.cluster.local",
                    Type = parameters.Type ?? "A",
                    TTL = 30,
                    IPAddress = "246.0.0.2",
                    ClusterAddress = "10.244.0.2",
                    Session = Session,
                },
            ];

    private static TelepresenceDnsQuery[] Queries(DnsQueriesParameters parameters) =>
        [
            .. Enumerable
                .Range(1, Math.Min(parameters.Last, 3))
                .Select(i => new TelepresenceDnsQuery
                {
                    Time = _since.AddSeconds(i),
                    Name = $"web{i}.demo",
                    Type = "A",
                    ResponseCode = i == 3 ? "NXDOMAIN" : "NOERROR",
                    Duration = 1.25 * i,
                    Session = Session,
                }),
        ];

    private static TelepresenceConnection[] Connections() =>
        [
            .. Enumerable
                .Range(40_001, 2)
                .Select(port => new TelepresenceConnection
                {
                    LocalAddress = "246.0.0.1",
                    LocalPort = port,
                    RemoteAddress = "246.0.0.2",
                    RemotePort = port == 40_001 ? 80 : 443,
                    State = "Established",
                    CreationTime = _since,
                    BytesSent = 1_234,
                    BytesReceived = 12_345_678_901,
                    RoundTripTime = 0.25,
                    DnsName = "web.demo",
                    ClusterAddress = "10.244.0.2",
                    Target = "service/web.demo",
                    Session = Session,
                }),
        ];

    private static void Answer<TParameters, TResult>(
        JsonRpcMethods methods,
        string method,
        Func<TParameters, TResult> answer
    ) => methods.Register<TParameters, TResult>(method, (parameters, _, _) => Task.FromResult(answer(parameters)));

    /// <summary>Leaves a trace that a test can look at.</summary>
    private void Note(string what, string text) => File.WriteAllText(Path.Combine(directory, $"{what}.txt"), text);
}
