using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Ipc;

/// <summary>The contract's methods: each reads its parameters, asks the Session room, and writes the contract's objects.</summary>
internal sealed class SessionMethods(SessionServices services, SessionRegistry registry)
{
    private readonly SessionQueries _queries = new(registry, services);
    private readonly ClusterQueries _cluster = new(registry, services);

    /// <summary>What needs no privilege: both roles of the engine answer it.</summary>
    public void RegisterPlanning(IpcServer server)
    {
        server.Register<ConnectParameters, ConnectPlan>(
            EngineMethods.Plan,
            (parameters, request, token) =>
                Typed(() =>
                    Planning(parameters.Cluster)
                        .PlanAsync(SessionSettings.Parse(parameters), Steps(parameters, request), token)
                )
        );
        server.Register<ConflictParameters, TelepresenceConflict[]>(
            EngineMethods.TestConflict,
            (parameters, _, token) => Typed(() => Planning(parameters.Cluster).TestAsync(parameters, token))
        );
        server.Register<ClusterSelection, TelepresenceContext[]>(
            EngineMethods.Contexts,
            (selection, _, _) => Typed(() => Task.FromResult(ClusterQueries.Contexts(selection)))
        );
        server.Register<ClusterSelection, TelepresenceNamespace[]>(
            EngineMethods.Namespaces,
            (selection, _, token) => Typed(() => _cluster.NamespacesAsync(selection, token))
        );
        server.Register<WorkloadsParameters, TelepresenceWorkload[]>(
            EngineMethods.Workloads,
            (parameters, _, token) => Typed(() => _cluster.WorkloadsAsync(parameters, token))
        );
        server.Register<RoutesParameters, TelepresenceRoute[]>(
            EngineMethods.Routes,
            (parameters, _, _) => Typed(() => Task.FromResult(_queries.Routes(parameters)))
        );
        server.Register<FindRouteParameters, TelepresenceRouteDecision[]>(
            EngineMethods.FindRoute,
            (parameters, _, token) => Typed(() => _queries.FindRoutesAsync(parameters, token))
        );
    }

    /// <summary>What changes the network, or looks at what was changed.</summary>
    public void RegisterSessions(IpcServer server, EngineRepair repair)
    {
        server.Register<ConnectParameters, TelepresenceSession>(
            EngineMethods.Connect,
            async (parameters, request, token) =>
                (
                    await Typed(() =>
                            registry.ConnectAsync(SessionSettings.Parse(parameters), Steps(parameters, request), token)
                        )
                        .ConfigureAwait(false)
                ).View()
        );
        server.Register<SessionParameters>(
            EngineMethods.Disconnect,
            (parameters, _, token) => registry.DisconnectAsync(parameters.Session, token)
        );
        server.Register<SessionParameters, TelepresenceSession[]>(
            EngineMethods.ListSessions,
            (parameters, _, _) => Typed(() => Task.FromResult(Views(parameters.Session)))
        );
        server.Register<WaitParameters, TelepresenceSession>(
            EngineMethods.Wait,
            (parameters, _, token) => Typed(() => WaitAsync(parameters, token))
        );
        server.Register<RepairParameters, TelepresenceRepair[]>(
            EngineMethods.Repair,
            (_, _, _) => Typed(() => Task.FromResult(repair.Run()))
        );
        RegisterLooking(server);
        new LiveMethods(services, registry).Register(server);
    }

    private void RegisterLooking(IpcServer server)
    {
        server.Register<SessionParameters, TelepresenceSubnet[]>(
            EngineMethods.Subnets,
            (parameters, _, _) => Typed(() => Task.FromResult(_queries.Subnets(parameters.Session)))
        );
        server.Register<SessionParameters, TelepresenceVirtualAddress[]>(
            EngineMethods.ListVirtualAddresses,
            (parameters, _, _) => Typed(() => Task.FromResult(_queries.VirtualAddresses(parameters.Session)))
        );
        server.Register<AddressParameters, TelepresenceVirtualAddress[]>(
            EngineMethods.ToVirtual,
            (parameters, _, _) => Typed(() => Task.FromResult(_queries.ToVirtual(parameters)))
        );
        server.Register<AddressParameters, TelepresenceVirtualAddress[]>(
            EngineMethods.ToCluster,
            (parameters, _, _) => Typed(() => Task.FromResult(_queries.ToCluster(parameters)))
        );
        server.Register<ResolveParameters, TelepresenceDnsRecord[]>(
            EngineMethods.Resolve,
            (parameters, _, token) => Typed(() => _queries.ResolveAsync(parameters, token))
        );
        server.Register<DnsQueriesParameters, TelepresenceDnsQuery[]>(
            EngineMethods.DnsQueries,
            (parameters, _, _) => Typed(() => Task.FromResult(_queries.DnsQueries(parameters)))
        );
        server.Register<SessionParameters, TelepresenceConnection[]>(
            EngineMethods.ListConnections,
            (parameters, _, token) => Typed(() => _queries.ConnectionsAsync(parameters.Session, token))
        );
        server.Register<StopConnectionParameters, int>(
            EngineMethods.StopConnection,
            (parameters, _, _) => Typed(() => Task.FromResult(_queries.StopConnections(parameters)))
        );
    }

    private TelepresenceSession[] Views(string? session) => [.. registry.Find(session).Select(s => s.View())];

    private async Task<TelepresenceSession> WaitAsync(WaitParameters parameters, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource<TelepresenceSession>(TaskCreationOptions.RunContinuationsAsynchronously);

        void Check(EngineSession session)
        {
            if (session.Name == parameters.Session && session.State == parameters.State)
                reached.TrySetResult(session.View());
        }

        registry.Changed += Check;
        try
        {
            // Looked at after listening, so that a change in between is not missed.
            foreach (var session in registry.Find(parameters.Session))
                Check(session);
            var waiting = reached.Task;
            return parameters.TimeoutSeconds is { } seconds
                ? await waiting
                    .WaitAsync(TimeSpan.FromSeconds(seconds), services.Time, cancellationToken)
                    .ConfigureAwait(false)
                : await waiting.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw ErrorCatalogue.Error(
                ErrorId.Timeout,
                parameters.Session,
                e,
                ("seconds", parameters.TimeoutSeconds),
                ("waiting", $"the session '{parameters.Session}' is not {parameters.State}"),
                ("command", "Wait-TelepresenceSession")
            );
        }
        finally
        {
            registry.Changed -= Check;
        }
    }

    private SessionPlanning Planning(ClusterSelection? selection) => new(services.WithConfiguration(selection));

    private static Relay<ConnectStep> Steps(ConnectParameters parameters, JsonRpcRequest request) =>
        new(step =>
            request.Connection.Notify(
                EngineMethods.Progress,
                new ConnectProgress(parameters.Operation ?? "", step.Stage, step.Status)
            )
        );

    /// <summary>Errors leave the engine as those of the catalogue.</summary>
    internal static async Task<T> Typed<T>(Func<Task<T>> answer)
    {
        try
        {
            return await answer().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException and not TelepresenceException and not ITypedError)
        {
            throw SessionErrors.ToTyped(e);
        }
    }
}
