using System.Globalization;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.Client;

/// <summary>The engine's contract as methods. Every one may throw <see cref="TelepresenceException"/>.</summary>
/// <param name="connection">Owned: closed with this.</param>
/// <param name="notifications">Those of that connection.</param>
public sealed partial class EngineClient(JsonRpcConnection connection, EngineNotifications notifications)
    : IAsyncDisposable
{
    /// <summary>A stopped connect takes that long, at most, to take back routes, rules and interface.</summary>
    private static readonly TimeSpan _undo = TimeSpan.FromSeconds(2);

    /// <summary>A stopped installation takes that long, at most, to delete what it had created.</summary>
    private static readonly TimeSpan _undoInstallation = TimeSpan.FromSeconds(15);

    /// <summary>Connects and reports each stage as it begins.</summary>
    public async Task<TelepresenceSession> ConnectAsync(
        ConnectParameters parameters,
        Action<ConnectProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var operation = parameters.Operation ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

        void OnProgressed(ConnectProgress stage)
        {
            if (stage.Operation == operation)
            {
                progress?.Invoke(stage);
            }
        }

        notifications.Progressed += OnProgressed;
        try
        {
            return await connection
                .InvokeAsync<ConnectParameters, TelepresenceSession>(
                    EngineMethods.Connect,
                    parameters with
                    {
                        Operation = operation,
                    },
                    _undo,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            notifications.Progressed -= OnProgressed;
        }
    }

    /// <summary>What a connect would do.</summary>
    public Task<ConnectPlan> PlanAsync(ConnectParameters parameters, CancellationToken cancellationToken) =>
        connection.InvokeAsync<ConnectParameters, ConnectPlan>(EngineMethods.Plan, parameters, cancellationToken);

    /// <summary>Ends a session; returns when nothing of it is left.</summary>
    public Task DisconnectAsync(string session, CancellationToken cancellationToken) =>
        connection.InvokeAsync(EngineMethods.Disconnect, new SessionParameters(session), cancellationToken);

    /// <summary>All sessions of the engine.</summary>
    public Task<TelepresenceSession[]> ListSessionsAsync(CancellationToken cancellationToken) =>
        connection.InvokeAsync<SessionParameters, TelepresenceSession[]>(
            EngineMethods.ListSessions,
            new SessionParameters(),
            cancellationToken
        );

    /// <summary>Returns when the session is in the state.</summary>
    public Task<TelepresenceSession> WaitAsync(WaitParameters parameters, CancellationToken cancellationToken) =>
        connection.InvokeAsync<WaitParameters, TelepresenceSession>(EngineMethods.Wait, parameters, cancellationToken);

    /// <summary>Removes what a killed engine left.</summary>
    public Task<TelepresenceRepair[]> RepairAsync(CancellationToken cancellationToken) =>
        connection.InvokeAsync<RepairParameters, TelepresenceRepair[]>(
            EngineMethods.Repair,
            new RepairParameters(),
            cancellationToken
        );

    /// <summary>Subnets of a session, or of all.</summary>
    public Task<TelepresenceSubnet[]> SubnetsAsync(string? session, CancellationToken cancellationToken) =>
        connection.InvokeAsync<SessionParameters, TelepresenceSubnet[]>(
            EngineMethods.Subnets,
            new SessionParameters(session),
            cancellationToken
        );

    /// <summary>Routes of a session, or of all.</summary>
    public Task<TelepresenceRoute[]> RoutesAsync(RoutesParameters parameters, CancellationToken cancellationToken) =>
        connection.InvokeAsync<RoutesParameters, TelepresenceRoute[]>(
            EngineMethods.Routes,
            parameters,
            cancellationToken
        );

    /// <summary>One decision an address, in the order asked.</summary>
    public Task<TelepresenceRouteDecision[]> FindRouteAsync(
        FindRouteParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<FindRouteParameters, TelepresenceRouteDecision[]>(
            EngineMethods.FindRoute,
            parameters,
            cancellationToken
        );

    /// <summary>One conflict (or its absence) a cluster subnet.</summary>
    public Task<TelepresenceConflict[]> TestConflictAsync(
        ConflictParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<ConflictParameters, TelepresenceConflict[]>(
            EngineMethods.TestConflict,
            parameters,
            cancellationToken
        );

    /// <summary>Virtual addresses in use.</summary>
    public Task<TelepresenceVirtualAddress[]> VirtualAddressesAsync(
        string? session,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<SessionParameters, TelepresenceVirtualAddress[]>(
            EngineMethods.ListVirtualAddresses,
            new SessionParameters(session),
            cancellationToken
        );

    /// <summary>The virtual addresses of cluster addresses.</summary>
    public Task<TelepresenceVirtualAddress[]> ToVirtualAsync(
        AddressParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<AddressParameters, TelepresenceVirtualAddress[]>(
            EngineMethods.ToVirtual,
            parameters,
            cancellationToken
        );

    /// <summary>The cluster addresses of virtual addresses.</summary>
    public Task<TelepresenceVirtualAddress[]> ToClusterAsync(
        AddressParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<AddressParameters, TelepresenceVirtualAddress[]>(
            EngineMethods.ToCluster,
            parameters,
            cancellationToken
        );

    /// <summary>Asks the session's DNS.</summary>
    public Task<TelepresenceDnsRecord[]> ResolveAsync(
        ResolveParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<ResolveParameters, TelepresenceDnsRecord[]>(
            EngineMethods.Resolve,
            parameters,
            cancellationToken
        );

    /// <summary>Recent DNS queries, newest last.</summary>
    public Task<TelepresenceDnsQuery[]> DnsQueriesAsync(
        DnsQueriesParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<DnsQueriesParameters, TelepresenceDnsQuery[]>(
            EngineMethods.DnsQueries,
            parameters,
            cancellationToken
        );

    /// <summary>Connections of a session, or of all.</summary>
    public Task<TelepresenceConnection[]> ConnectionsAsync(string? session, CancellationToken cancellationToken) =>
        connection.InvokeAsync<SessionParameters, TelepresenceConnection[]>(
            EngineMethods.ListConnections,
            new SessionParameters(session),
            cancellationToken
        );

    /// <summary>Ends connections; returns how many there were.</summary>
    public Task<int> StopConnectionsAsync(
        IEnumerable<TelepresenceConnection> connections,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<StopConnectionParameters, int>(
            EngineMethods.StopConnection,
            new StopConnectionParameters([.. connections.Select(c => c.Key)]),
            cancellationToken
        );

    /// <summary>Contexts of the kubeconfig, the current one first.</summary>
    public Task<TelepresenceContext[]> ContextsAsync(ClusterSelection cluster, CancellationToken cancellationToken) =>
        connection.InvokeAsync<ClusterSelection, TelepresenceContext[]>(
            EngineMethods.Contexts,
            cluster,
            cancellationToken
        );

    /// <summary>Namespaces of the cluster; the one to connect to alone where they may not be listed.</summary>
    public Task<TelepresenceNamespace[]> NamespacesAsync(
        ClusterSelection cluster,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<ClusterSelection, TelepresenceNamespace[]>(
            EngineMethods.Namespaces,
            cluster,
            cancellationToken
        );

    /// <summary>Workloads and their traffic-agents.</summary>
    public Task<TelepresenceWorkload[]> WorkloadsAsync(
        WorkloadsParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<WorkloadsParameters, TelepresenceWorkload[]>(
            EngineMethods.Workloads,
            parameters,
            cancellationToken
        );

    /// <summary>Installs, updates or uninstalls a traffic-manager and reports each step.</summary>
    /// <param name="method"><see cref="EngineMethods.Install"/>, Update or Uninstall.</param>
    public async Task<InstallationResult> ChangeManagerAsync(
        string method,
        InstallationParameters parameters,
        Action<InstallationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var operation = parameters.Operation ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

        void OnProgressed(InstallationProgress step)
        {
            if (step.Operation == operation)
            {
                progress?.Invoke(step);
            }
        }

        notifications.InstallationProgressed += OnProgressed;
        try
        {
            return await connection
                .InvokeAsync<InstallationParameters, InstallationResult>(
                    method,
                    parameters with
                    {
                        Operation = operation,
                    },
                    _undoInstallation,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            notifications.InstallationProgressed -= OnProgressed;
        }
    }

    /// <summary>The configuration, each key with where its value was set.</summary>
    public Task<ConfigurationResult> ConfigurationAsync(
        ConfigurationParameters parameters,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<ConfigurationParameters, ConfigurationResult>(
            EngineMethods.Configuration,
            parameters,
            cancellationToken
        );

    /// <summary>Sets or removes a key.</summary>
    public Task<ConfigurationChanged> SetConfigurationAsync(
        ConfigurationChange change,
        CancellationToken cancellationToken
    ) =>
        connection.InvokeAsync<ConfigurationChange, ConfigurationChanged>(
            EngineMethods.SetConfiguration,
            change,
            cancellationToken
        );

    /// <summary>The keys that there are.</summary>
    public Task<string[]> ConfigurationKeysAsync(CancellationToken cancellationToken) =>
        connection.InvokeAsync<SessionParameters, string[]>(
            EngineMethods.ConfigurationKeys,
            new SessionParameters(),
            cancellationToken
        );

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
