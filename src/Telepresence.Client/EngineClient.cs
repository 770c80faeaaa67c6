using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client;

/// <summary>The engine's contract as methods. Every one may throw <see cref="TelepresenceException"/>.</summary>
/// <param name="channel">Owned: closed with this.</param>
public sealed class EngineClient(IEngineChannel channel) : IAsyncDisposable
{
    private static ContractJson Json => ContractJson.Default;

    /// <summary>Compares versions; the first call on a connection.</summary>
    /// <exception cref="TelepresenceException">EngineVersionMismatch.</exception>
    public async Task<HelloResult> HelloAsync(string clientVersion, CancellationToken cancellationToken)
    {
        var hello = await CallAsync(
                EngineMethods.Hello,
                new HelloParameters(clientVersion, EngineMethods.ContractVersion),
                Json.HelloParameters,
                Json.HelloResult,
                cancellationToken
            )
            .ConfigureAwait(false);
        return hello.ContractVersion == EngineMethods.ContractVersion
            ? hello
            : throw ErrorCatalogue.Error(
                ErrorId.EngineVersionMismatch,
                hello.EngineVersion,
                ("engine", hello.EngineVersion),
                ("module", clientVersion)
            );
    }

    /// <summary>Connects and reports each stage as it begins.</summary>
    public async Task<TelepresenceSession> ConnectAsync(
        ConnectParameters parameters,
        Action<ConnectProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var operation = parameters.Operation ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

        void OnNotified(string method, JsonElement body)
        {
            if (method != EngineMethods.Progress)
            {
                return;
            }
            var stage = body.Deserialize(Json.ConnectProgress);
            if (stage?.Operation == operation)
            {
                progress?.Invoke(stage);
            }
        }

        channel.Notified += OnNotified;
        try
        {
            return await CallAsync(
                    EngineMethods.Connect,
                    parameters with
                    {
                        Operation = operation,
                    },
                    Json.ConnectParameters,
                    Json.TelepresenceSession,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            channel.Notified -= OnNotified;
        }
    }

    /// <summary>What a connect would do.</summary>
    public Task<ConnectPlan> PlanAsync(ConnectParameters parameters, CancellationToken cancellationToken) =>
        CallAsync(EngineMethods.Plan, parameters, Json.ConnectParameters, Json.ConnectPlan, cancellationToken);

    /// <summary>Ends a session; returns when nothing of it is left.</summary>
    public async Task DisconnectAsync(string session, CancellationToken cancellationToken) =>
        await CallAsync(
                EngineMethods.Disconnect,
                JsonSerializer.SerializeToElement(new SessionParameters(session), Json.SessionParameters),
                cancellationToken
            )
            .ConfigureAwait(false);

    /// <summary>All sessions of the engine.</summary>
    public Task<TelepresenceSession[]> ListSessionsAsync(CancellationToken cancellationToken) =>
        CallAsync(
            EngineMethods.ListSessions,
            new SessionParameters(),
            Json.SessionParameters,
            Json.TelepresenceSessionArray,
            cancellationToken
        );

    /// <summary>Returns when the session is in the state.</summary>
    public Task<TelepresenceSession> WaitAsync(WaitParameters parameters, CancellationToken cancellationToken) =>
        CallAsync(EngineMethods.Wait, parameters, Json.WaitParameters, Json.TelepresenceSession, cancellationToken);

    /// <summary>Removes what a killed engine left.</summary>
    public Task<TelepresenceRepair[]> RepairAsync(CancellationToken cancellationToken) =>
        CallAsync(
            EngineMethods.Repair,
            new RepairParameters(),
            Json.RepairParameters,
            Json.TelepresenceRepairArray,
            cancellationToken
        );

    /// <summary>Subnets of a session, or of all.</summary>
    public Task<TelepresenceSubnet[]> SubnetsAsync(string? session, CancellationToken cancellationToken) =>
        CallAsync(
            EngineMethods.Subnets,
            new SessionParameters(session),
            Json.SessionParameters,
            Json.TelepresenceSubnetArray,
            cancellationToken
        );

    /// <summary>Routes of a session, or of all.</summary>
    public Task<TelepresenceRoute[]> RoutesAsync(RoutesParameters parameters, CancellationToken cancellationToken) =>
        CallAsync(
            EngineMethods.Routes,
            parameters,
            Json.RoutesParameters,
            Json.TelepresenceRouteArray,
            cancellationToken
        );

    /// <summary>One decision an address, in the order asked.</summary>
    public Task<TelepresenceRouteDecision[]> FindRouteAsync(
        FindRouteParameters parameters,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.FindRoute,
            parameters,
            Json.FindRouteParameters,
            Json.TelepresenceRouteDecisionArray,
            cancellationToken
        );

    /// <summary>One conflict (or its absence) a cluster subnet.</summary>
    public Task<TelepresenceConflict[]> TestConflictAsync(
        ConflictParameters parameters,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.TestConflict,
            parameters,
            Json.ConflictParameters,
            Json.TelepresenceConflictArray,
            cancellationToken
        );

    /// <summary>Virtual addresses in use.</summary>
    public Task<TelepresenceVirtualAddress[]> VirtualAddressesAsync(
        string? session,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.ListVirtualAddresses,
            new SessionParameters(session),
            Json.SessionParameters,
            Json.TelepresenceVirtualAddressArray,
            cancellationToken
        );

    /// <summary>The virtual addresses of cluster addresses.</summary>
    public Task<TelepresenceVirtualAddress[]> ToVirtualAsync(
        AddressParameters parameters,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.ToVirtual,
            parameters,
            Json.AddressParameters,
            Json.TelepresenceVirtualAddressArray,
            cancellationToken
        );

    /// <summary>The cluster addresses of virtual addresses.</summary>
    public Task<TelepresenceVirtualAddress[]> ToClusterAsync(
        AddressParameters parameters,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.ToCluster,
            parameters,
            Json.AddressParameters,
            Json.TelepresenceVirtualAddressArray,
            cancellationToken
        );

    /// <summary>Asks the session's DNS.</summary>
    public Task<TelepresenceDnsRecord[]> ResolveAsync(
        ResolveParameters parameters,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.Resolve,
            parameters,
            Json.ResolveParameters,
            Json.TelepresenceDnsRecordArray,
            cancellationToken
        );

    /// <summary>Recent DNS queries, newest last.</summary>
    public Task<TelepresenceDnsQuery[]> DnsQueriesAsync(
        DnsQueriesParameters parameters,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.DnsQueries,
            parameters,
            Json.DnsQueriesParameters,
            Json.TelepresenceDnsQueryArray,
            cancellationToken
        );

    /// <summary>Connections of a session, or of all.</summary>
    public Task<TelepresenceConnection[]> ConnectionsAsync(string? session, CancellationToken cancellationToken) =>
        CallAsync(
            EngineMethods.ListConnections,
            new SessionParameters(session),
            Json.SessionParameters,
            Json.TelepresenceConnectionArray,
            cancellationToken
        );

    /// <summary>Ends connections; returns how many there were.</summary>
    public Task<int> StopConnectionsAsync(
        IEnumerable<TelepresenceConnection> connections,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            EngineMethods.StopConnection,
            new StopConnectionParameters([.. connections.Select(c => c.Key)]),
            Json.StopConnectionParameters,
            Json.Int32,
            cancellationToken
        );

    /// <summary>Contexts of the kubeconfig, the current one first.</summary>
    public Task<string[]> ContextsAsync(ClusterSelection cluster, CancellationToken cancellationToken) =>
        CallAsync(EngineMethods.Contexts, cluster, Json.ClusterSelection, Json.StringArray, cancellationToken);

    /// <summary>Namespaces of the cluster.</summary>
    public Task<string[]> NamespacesAsync(ClusterSelection cluster, CancellationToken cancellationToken) =>
        CallAsync(EngineMethods.Namespaces, cluster, Json.ClusterSelection, Json.StringArray, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => channel.DisposeAsync();

    private async Task<TResult> CallAsync<TParameters, TResult>(
        string method,
        TParameters parameters,
        JsonTypeInfo<TParameters> parametersType,
        JsonTypeInfo<TResult> resultType,
        CancellationToken cancellationToken
    )
    {
        var result = await CallAsync(
                method,
                JsonSerializer.SerializeToElement(parameters, parametersType),
                cancellationToken
            )
            .ConfigureAwait(false);
        try
        {
            return result.Deserialize(resultType) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw ErrorCatalogue.Error(
                ErrorId.InternalError,
                method,
                e,
                ("reason", $"the engine's answer to {method} cannot be read: {e.Message}")
            );
        }
    }

    private async Task<JsonElement> CallAsync(
        string method,
        JsonElement parameters,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await channel.CallAsync(method, parameters, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw ErrorCatalogue.Error(
                ErrorId.EngineUnavailable,
                method,
                e,
                ("reason", $"the connection to it ended ({e.Message})")
            );
        }
    }
}
