using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Manager;
using Telepresence.Engine.NetStack;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Session;

/// <summary>
/// A session's connection to its traffic-manager, made anew when it is lost. Interface, routes, virtual addresses and
/// DNS stay meanwhile; flows that are open end at once, and what is new waits for a while (<c>timeouts.reconnectWait</c>)
/// before it is told that its host is unreachable.
/// </summary>
internal sealed partial class ClusterLink : IFlowCarrier, IClusterResolver, IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly IClusterAccess _access;
    private readonly ManagerConnectionOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<ClusterLink> _logger;
    private readonly FlowCounters _counters = new();
    private readonly Reachability _reachable = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<ManagerClusterInfo> _firstInfo = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );
    private ManagerConnection? _connection;
    private WorkloadAgents? _agents;
    private IProgress<ConnectStep>? _progress;
    private Task _supervision = Task.CompletedTask;

    /// <param name="access">Stays its owner's.</param>
    public ClusterLink(IClusterAccess access, ManagerConnectionOptions options, ILoggerFactory loggers)
    {
        _access = access;
        _options = options with { Intercepts = () => Intercepts() };
        _loggers = loggers;
        _logger = loggers.CreateLogger<ClusterLink>();
    }

    /// <summary>The way to the manager is lost (with why, where that is known), or back (null, false).</summary>
    public event Action<bool, Exception?>? LostChanged;

    /// <summary>What the manager says of its cluster changed. One call at a time, not for the first.</summary>
    public event Action<ManagerClusterInfo>? InfoChanged;

    /// <summary>The manager forgot the session, and there is a new one. On any thread.</summary>
    public event Action<ManagerConnection>? SessionReplaced;

    /// <summary>What a manager that was replaced is told of the session's intercepts.</summary>
    public Func<IReadOnlyList<InterceptInfo>> Intercepts { get; set; } = static () => [];

    public FlowCounters Counters => _counters;

    /// <summary>The connection of this moment. Only after <see cref="ConnectAsync"/>.</summary>
    public ManagerConnection Connection =>
        Volatile.Read(ref _connection) ?? throw new InvalidOperationException("not connected");

    /// <summary>Arrives at the manager and learns the cluster's subnets; from then on the link keeps itself alive.</summary>
    /// <exception cref="TelepresenceException">Any error on the way there.</exception>
    public async Task<ManagerClusterInfo> ConnectAsync(
        IProgress<ConnectStep>? progress,
        CancellationToken cancellationToken
    )
    {
        _progress = progress;
        _connection = await ManagerConnection
            .OpenAsync(OpenStreamAsync, _options, cancellationToken)
            .ConfigureAwait(false);
        progress?.Report(new ConnectStep(ConnectStage.Manager, "waiting for the cluster's subnets"));
        _progress = null;
        Adopt(_connection);
        _supervision = SuperviseAsync(_connection);
        return await _firstInfo.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes sure that each workload has an agent which can be linked to; from then on they are followed, also over a
    /// reconnect. Once, after <see cref="ConnectAsync"/>.
    /// </summary>
    /// <exception cref="TelepresenceException">WorkloadNotFound, AgentNotArrived, AgentLinksUnavailable.</exception>
    public async Task EnsureAgentsAsync(
        AgentOptions options,
        IProgress<ConnectStep>? progress,
        CancellationToken cancellationToken
    )
    {
        progress?.Report(
            new ConnectStep(
                ConnectStage.Agents,
                $"waiting for a traffic-agent in {string.Join(", ", options.Workloads)}"
            )
        );
        await _access.RequirePodStreamsAsync(options.Namespace, cancellationToken).ConfigureAwait(false);
        var agents = new WorkloadAgents(
            options,
            async (pod, token) =>
                await _access.OpenPodStreamAsync(pod.Namespace, pod.Name, pod.Port, token).ConfigureAwait(false),
            _loggers.CreateLogger<WorkloadAgents>()
        );
        Volatile.Write(ref _agents, agents);
        await agents.EnsureAsync(Connection, cancellationToken).ConfigureAwait(false);
    }

    public async Task CarryAsync(
        ITcpFlow flow,
        IPEndPoint destination,
        string workload,
        CancellationToken cancellationToken
    )
    {
        var id = new ConnId(flow.Endpoints.Source, destination, ProtocolType.Tcp);
        using var agent = DialerFor(workload);
        if (agent is not null || workload.Length == 0)
            await NewTunnel(agent).RunAsync(flow, id, cancellationToken).ConfigureAwait(false);
        else
            flow.Refuse();
    }

    public async Task CarryAsync(
        IUdpFlow flow,
        IPEndPoint destination,
        string workload,
        CancellationToken cancellationToken
    )
    {
        var id = new ConnId(flow.Endpoints.Source, destination, ProtocolType.Udp);
        using var agent = DialerFor(workload);
        if (agent is not null || workload.Length == 0)
            await NewTunnel(agent).RunAsync(flow, id, cancellationToken).ConfigureAwait(false);
        else
            flow.Unreachable();
    }

    /// <summary>Waits for a lost cluster as long as a look-up may take.</summary>
    public async ValueTask<(int ResponseCode, ReadOnlyMemory<byte> Records)> LookupAsync(
        string name,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        var time = _options.TimeProvider;
        var began = time.GetTimestamp();
        while (true)
        {
            var losses = _reachable.Losses;
            var left = _options.LookupTimeout - time.GetElapsedTime(began);
            if (!await _reachable.WaitAsync(left, time, cancellationToken).ConfigureAwait(false))
                throw new TimeoutException($"The traffic-manager was not there to resolve {name}.");
            try
            {
                return await Connection.Resolver.LookupAsync(name, type, cancellationToken).ConfigureAwait(false);
            }
            catch (IOException) when (_reachable.Losses != losses)
            {
                // What broke was the way there, not the look-up.
                continue;
            }
        }
    }

    /// <summary>The machine's network changed: looks whether the cluster is still there.</summary>
    public void Check() => Volatile.Read(ref _connection)?.Check();

    /// <summary>Departs, so that the manager forgets the session at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ended.IsCancellationRequested)
            return;
        await _ended.CancelAsync().ConfigureAwait(false);
        await _supervision.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_agents is { } agents)
            await agents.DisposeAsync().ConfigureAwait(false);
        if (_connection is { } connection)
            await connection.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    private FlowTunnel NewTunnel(AgentDialer? agent) =>
        new(
            new PatientDialer(
                () => agent ?? (ITunnelDialer)Connection.Tunnels,
                _reachable,
                _options.ReconnectWait,
                () => Connection.Doubt()
            ),
            _counters
        );

    /// <summary>Null: none is wanted, or none is there.</summary>
    private AgentDialer? DialerFor(string workload)
    {
        if (workload.Length == 0)
            return null;
        var dialer = Volatile.Read(ref _agents)?.DialerFor(workload);
        if (dialer is null)
        {
            LogNoAgent(workload);
            _counters.Reject(DialOutcome.Refused);
        }
        return dialer;
    }

    /// <summary>The transport of the gRPC channel: first when connecting, and again whenever it broke.</summary>
    private async ValueTask<Stream> OpenStreamAsync(CancellationToken cancellationToken)
    {
        try
        {
            var stream = await _access.OpenManagerStreamAsync(_progress, cancellationToken).ConfigureAwait(false);
            _progress?.Report(
                new ConnectStep(ConnectStage.Manager, $"arriving at the traffic-manager in {_access.ManagerNamespace}")
            );
            return stream;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNoWay(e.Message);
            if (e is ITypedError typed)
                throw TelepresenceException.FromData(typed.ToData(), e);
            throw;
        }
    }

    private void Adopt(ManagerConnection connection)
    {
        connection.ReachableChanged += OnReachableChanged;
        if (!connection.IsReachable)
            OnReachableChanged(false, null);
    }

    private void OnReachableChanged(bool isReachable, Exception? why)
    {
        if (isReachable)
            _reachable.Restore();
        else
            _reachable.Lose();
        LostChanged?.Invoke(!isReachable, why);
    }

    private async Task SuperviseAsync(ManagerConnection connection)
    {
        while (true)
        {
            await FollowAsync(connection).ConfigureAwait(false);
            var reason = await connection.Lost.WaitAsync(_ended.Token).ConfigureAwait(false);
            LogSessionLost(reason);
            connection.ReachableChanged -= OnReachableChanged;
            OnReachableChanged(false, null);
            await connection.DisposeAsync().ConfigureAwait(false);
            connection = await ArriveAnewAsync().ConfigureAwait(false);
            Volatile.Write(ref _connection, connection);
            Volatile.Read(ref _agents)?.Follow(connection);
            OnReachableChanged(true, null);
            Adopt(connection);
            SessionReplaced?.Invoke(connection);
        }
    }

    /// <summary>Passes on what the manager says of its cluster, until it does not know our session any more.</summary>
    private async Task FollowAsync(ManagerConnection connection)
    {
        try
        {
            await foreach (var info in connection.WatchClusterInfoAsync(_ended.Token).ConfigureAwait(false))
            {
                if (!_firstInfo.TrySetResult(info))
                    InfoChanged?.Invoke(info);
            }
        }
#pragma warning disable CA1031 // Whoever waits for the first information must learn of any failure.
        catch (Exception e) when (!_firstInfo.Task.IsCompleted)
#pragma warning restore CA1031
        {
            _firstInfo.TrySetException(e);
            throw;
        }
    }

    private async Task<ManagerConnection> ArriveAnewAsync()
    {
        var backOff = new BackOff(FirstPause, LongestPause, _options.TimeProvider);
        while (true)
        {
            try
            {
                return await ManagerConnection.OpenAsync(OpenStreamAsync, _options, _ended.Token).ConfigureAwait(false);
            }
            catch (TelepresenceException e)
            {
                // A cluster may be away in many ways, and all of them may pass.
                LogNoWay(e.Message);
                LostChanged?.Invoke(true, e);
                await backOff.WaitAsync(_ended.Token).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The traffic-manager forgot the session: {Reason}")]
    private partial void LogSessionLost(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection is refused: workload {Workload} has no agent")]
    private partial void LogNoAgent(string workload);

    [LoggerMessage(Level = LogLevel.Information, Message = "No way to the traffic-manager: {Reason}")]
    private partial void LogNoWay(string reason);
}
