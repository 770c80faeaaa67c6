using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Client.Errors;
using Telepresence.Engine.Dns;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>
/// A session with a traffic-manager. A transport that broke, or that nothing comes over any more, is opened again; the session
/// goes on as long as the manager knows it, and <see cref="Lost"/> tells when it does not.
/// </summary>
internal sealed class ManagerConnection : IAsyncDisposable
{
    private static readonly Version OldestManager = new(2, 20, 0);
    private static readonly TimeSpan DepartTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    private readonly GrpcChannel _channel;
    private readonly ManagerTransport _transport;
    private readonly ManagerConnectionOptions _options;
    private readonly SessionKeeper _keeper;
    private readonly CancellationTokenSource _closing = new();

    private ManagerConnection(
        GrpcChannel channel,
        ManagerTransport transport,
        ManagerConnectionOptions options,
        VersionInfo2 version,
        SessionKeeper keeper,
        string clientConfiguration
    )
    {
        _channel = channel;
        _transport = transport;
        _options = options;
        _keeper = keeper;
        Client = new ManagerClient(channel);
        Session = keeper.Session;
        ManagerName = version.Name;
        ManagerVersion = version.Version;
        ClientConfiguration = clientConfiguration;
        Resolver = new ManagerResolver(Client, Session, options.LookupTimeout);
        Tunnels = new TunnelDialer(Client.OpenTunnel, Session.SessionId, options.Tunnels);
    }

    /// <inheritdoc cref="SessionKeeper.ReachableChanged"/>
    public event Action<bool, Exception?>? ReachableChanged
    {
        add => _keeper.ReachableChanged += value;
        remove => _keeper.ReachableChanged -= value;
    }

    public bool IsReachable => _keeper.Reachable.IsReachable;

    /// <summary>For what this class does not wrap.</summary>
    public ManagerClient Client { get; }

    public SessionInfo Session { get; }

    public string ManagerName { get; }

    /// <summary>As <c>v2.25.0</c>.</summary>
    public string ManagerVersion { get; }

    /// <summary>Cluster-supplied client configuration, YAML; may be empty.</summary>
    public string ClientConfiguration { get; }

    public IClusterResolver Resolver { get; }

    public TunnelDialer Tunnels { get; }

    /// <summary>Completes, with the reason, when the manager does not know the session any more: connect anew.</summary>
    public Task<string> Lost => _keeper.Lost;

    /// <summary>First contact, with retries within <see cref="ManagerConnectionOptions.ApiTimeout"/>, and the session's beginning.</summary>
    /// <param name="connect">Opens the way to the manager's gRPC port; called again when it broke.</param>
    /// <param name="options">Who we are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TelepresenceException">
    /// ManagerUnavailable, ManagerUnauthorized, ManagerProtocolMismatch, NamespaceNotFound, or what <paramref name="connect"/> threw.
    /// </exception>
    public static async Task<ManagerConnection> OpenAsync(
        Func<CancellationToken, ValueTask<Stream>> connect,
        ManagerConnectionOptions options,
        CancellationToken cancellationToken
    )
    {
        var transport = new ManagerTransport(connect);
        var credentials = new ManagerCredentials(options);
        var channel = new GrpcChannel(
            transport.OpenAsync,
            new GrpcChannelOptions { Credentials = credentials, TimeProvider = options.TimeProvider }
        );
        VersionInfo2? version = null;
        try
        {
            var client = new ManagerClient(channel);
            version = await FirstContact.GetVersionAsync(client, options, cancellationToken).ConfigureAwait(false);
            CheckVersion(version, options);
            await credentials.FollowAsync(version, cancellationToken).ConfigureAwait(false);
            var call = new CallOptions(Deadline: CallTimeout, CancellationToken: cancellationToken);
            var info = new ClientInfo
            {
                Name = options.Name,
                InstallId = options.InstallId,
                Product = "telepresence",
                Version = options.Version,
                Namespace = options.Namespace,
            };
            var session = await client.ArriveAsClient(info, call).ConfigureAwait(false);
            var configuration = await client.GetClientConfig(call).ConfigureAwait(false);
            var keeper = SessionKeeper.Start(client, transport, options, info, session, version.Version);
            return new ManagerConnection(
                channel,
                transport,
                options,
                version,
                keeper,
                configuration.ConfigYaml.ToStringUtf8()
            );
        }
        catch (Exception e)
        {
            transport.Dispose();
            channel.Dispose();
            if (e is not RpcException failed)
                throw;
            cancellationToken.ThrowIfCancellationRequested();
            throw ManagerErrors.From(failed, options, version?.Version);
        }
    }

    /// <summary>Subnets and DNS of the cluster: the present ones at once, then every change.</summary>
    public async IAsyncEnumerable<ManagerClusterInfo> WatchClusterInfoAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var infos = WatchAsync(
            (client, options) => client.WatchClusterInfo(Session, options),
            TimeSpan.FromSeconds(15),
            cancellationToken
        );
        await foreach (var info in infos.ConfigureAwait(false))
            yield return ManagerClusterInfo.From(info);
    }

    /// <summary>
    /// A watch of the manager's that begins again, with growing pauses, when it broke. Ends when the manager does not have it
    /// (Unimplemented) or does not know the session (<see cref="Lost"/>).
    /// </summary>
    /// <param name="begin">Calls the rpc.</param>
    /// <param name="longestPause">3 s for most, 15 s for cluster info.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async IAsyncEnumerable<T> WatchAsync<T>(
        Func<ManagerClient, CallOptions, AsyncServerStreamingCall<T>> begin,
        TimeSpan longestPause,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        var backOff = new BackOff(TimeSpan.FromMilliseconds(100), longestPause, _options.TimeProvider);
        var step = WatchStep.Broken;
        while (step == WatchStep.Broken && !Lost.IsCompleted)
        {
            using var call = begin(Client, new CallOptions(CancellationToken: ended.Token));
            var messages = call.ReadAllAsync(default).GetAsyncEnumerator(default);
            await using (messages.ConfigureAwait(false))
            {
                while ((step = await NextAsync(messages, ended.Token).ConfigureAwait(false)) == WatchStep.Message)
                {
                    backOff.Reset();
                    yield return messages.Current;
                }
            }
            if (step == WatchStep.Broken)
            {
                await backOff.WaitAsync(ended.Token).ConfigureAwait(false);
                await Task.WhenAny(Lost, _keeper.Reachable.WaitAsync(ended.Token)).ConfigureAwait(false);
                ended.Token.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>The smallest call that there is, for who wants to know how long one takes.</summary>
    /// <exception cref="TelepresenceException">ManagerUnavailable and other errors of a call.</exception>
    public Task PingAsync(CancellationToken cancellationToken) =>
        CallAsync(options => Client.Version(options), cancellationToken);

    /// <summary>Sets what traffic-manager and traffic-agents log.</summary>
    /// <param name="level">Lower case, as upstream names levels; empty: what they were started with.</param>
    /// <param name="duration">After which they log as before; null: for good.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TelepresenceException">ManagerUnavailable and other errors of a call.</exception>
    public Task SetLogLevelAsync(string level, TimeSpan? duration, CancellationToken cancellationToken) =>
        CallAsync(
            options =>
                Client.SetLogLevel(
                    new LogLevelRequest
                    {
                        LogLevel = level,
                        Duration = duration is { } time ? Duration.FromTimeSpan(time) : null,
                    },
                    options
                ),
            cancellationToken
        );

    /// <inheritdoc cref="SessionKeeper.Check"/>
    public void Check() => _keeper.Check();

    /// <inheritdoc cref="SessionKeeper.Doubt"/>
    public void Doubt() => _keeper.Doubt();

    /// <summary>Departs, where the manager can be reached, and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _keeper.DisposeAsync().ConfigureAwait(false);
        try
        {
            if (!Lost.IsCompleted && IsReachable)
                await Client.Depart(Session, new CallOptions(Deadline: DepartTimeout)).ConfigureAwait(false);
        }
        catch (RpcException)
        {
            // The manager will notice by itself that nobody remains.
        }
        _transport.Dispose();
        _channel.Dispose();
        _closing.Dispose();
    }

    private async Task CallAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        try
        {
            await call(new CallOptions(Deadline: CallTimeout, CancellationToken: cancellationToken))
                .ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw ManagerErrors.From(e, _options, ManagerVersion);
        }
    }

    private async ValueTask<WatchStep> NextAsync<T>(IAsyncEnumerator<T> messages, CancellationToken cancellationToken)
    {
        try
        {
            return await messages.MoveNextAsync().ConfigureAwait(false) ? WatchStep.Message : WatchStep.Broken;
        }
        catch (RpcException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (e.StatusCode == StatusCode.NotFound)
                Doubt();
            // Cancelled is how a manager ends the watches of a session; the next try tells whether the session is gone.
            return e.StatusCode == StatusCode.Unimplemented ? WatchStep.Over : WatchStep.Broken;
        }
    }

    private static void CheckVersion(VersionInfo2 version, ManagerConnectionOptions options)
    {
        var number = version.Version.StartsWith('v') ? version.Version[1..] : version.Version;
        var end = number.IndexOfAny(['-', '+']);
        if (!System.Version.TryParse(end < 0 ? number : number[..end], out var parsed))
            throw ManagerErrors.ProtocolMismatch(options, version.Version, "it does not tell its release", null);
        if (parsed < OldestManager)
            throw ManagerErrors.ProtocolMismatch(options, version.Version, "its release is too old", null);
    }

    private enum WatchStep
    {
        Message,
        Broken,
        Over,
    }
}
