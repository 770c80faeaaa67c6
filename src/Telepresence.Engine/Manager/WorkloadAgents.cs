using Microsoft.Extensions.Logging;
using Telepresence.Client.Errors;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>
/// The agents of the workloads that a session sends traffic through: made to be there, followed as the manager lists them,
/// and linked to when a flow needs one.
/// </summary>
internal sealed partial class WorkloadAgents : IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    private readonly AgentOptions _options;
    private readonly Func<AgentPod, CancellationToken, ValueTask<Stream>> _open;
    private readonly ILogger<WorkloadAgents> _logger;
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private volatile Dictionary<string, AgentLink[]> _links = [];
    private volatile string _sessionId = "";
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _unusable;
    private Task _following = Task.CompletedTask;

    /// <param name="open">Opens the way to a port of a pod.</param>
    public WorkloadAgents(
        AgentOptions options,
        Func<AgentPod, CancellationToken, ValueTask<Stream>> open,
        ILogger<WorkloadAgents> logger
    )
    {
        _options = options;
        _open = open;
        _logger = logger;
    }

    private TimeProvider Time => _options.Tunnels.TimeProvider;

    /// <summary>
    /// Asks the manager for an agent in each workload, and waits until there is one. From then on the manager's list is
    /// followed.
    /// </summary>
    /// <exception cref="TelepresenceException">WorkloadNotFound, AgentNotArrived, AgentLinksUnavailable.</exception>
    public async Task EnsureAsync(ManagerConnection connection, CancellationToken cancellationToken)
    {
        Begin(connection, static (_, _) => Task.CompletedTask);
        // The manager waits as long by default; what it says in the end is worth a moment more.
        using var late = new CancellationTokenSource(_options.ArrivalTimeout + _options.Tunnels.RoundtripLatency, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var ensuring = _options.Workloads.Select(w => EnsureAsync(connection, w, either, late.Token)).ToArray();
        await Task.WhenAll(ensuring).ConfigureAwait(false);
    }

    /// <summary>Goes on with a new session of the same client: its manager may be new, too.</summary>
    public void Follow(ManagerConnection connection) => Begin(connection, EnsureAgainAsync);

    /// <summary>A dialer for one flow, to be disposed at its end; null when no pod of the workload has an agent.</summary>
    public AgentDialer? DialerFor(string workload)
    {
        if (!_links.TryGetValue(workload, out var links) || links.Length == 0)
            return null;
        // One that is open costs no port-forward; one that failed is better than none.
        AgentLink[] ordered = links.Length == 1 ? links : [.. links.OrderBy(l => l.HasFailed).ThenBy(l => !l.IsOpen)];
        return new AgentDialer(ordered, _sessionId, _options.Tunnels);
    }

    /// <summary>Closes all links with their tunnels.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        Task following;
        lock (_gate)
            following = _following;
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var link in _links.Values.SelectMany(links => links))
            link.Dispose();
        _ended.Dispose();
    }

    private void Begin(ManagerConnection connection, Func<ManagerConnection, CancellationToken, Task> besides)
    {
        lock (_gate)
        {
            _sessionId = connection.Session.SessionId;
            _following = FollowAsync(_following, connection, besides);
        }
    }

    /// <summary>Never faults but by cancellation.</summary>
    private async Task FollowAsync(
        Task earlier,
        ManagerConnection connection,
        Func<ManagerConnection, CancellationToken, Task> besides
    )
    {
        // Ends with the connection it was for.
        await earlier.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        var ensuring = besides(connection, _ended.Token);
        var snapshots = connection.WatchAsync(
            (client, options) => client.WatchAgentPods(connection.Session, options),
            LongestPause,
            _ended.Token
        );
        try
        {
            await foreach (var snapshot in snapshots.ConfigureAwait(false))
                Apply(snapshot);
            if (!connection.Lost.IsCompleted)
                GiveUp("this traffic-manager does not list the pods of its agents");
        }
        finally
        {
            await ensuring.ConfigureAwait(false);
        }
    }

    private async Task EnsureAsync(
        ManagerConnection connection,
        string workload,
        CancellationTokenSource either,
        CancellationToken late
    )
    {
        var said = "the traffic-manager did not say why";
        try
        {
            await connection
                .Client.EnsureAgent(Request(connection, workload), new CallOptions(CancellationToken: either.Token))
                .ConfigureAwait(false);
            said = "the traffic-manager does not list any pod that has it";
            await WaitAsync(workload, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException && late.IsCancellationRequested)
        {
            var seconds = (_options.ArrivalTimeout + _options.Tunnels.RoundtripLatency).TotalSeconds;
            throw AgentErrors.NotArrived(workload, _options, $"{said} within {seconds:0.#} s", e);
        }
        catch (RpcException) when (either.IsCancellationRequested)
        {
            throw new OperationCanceledException(either.Token);
        }
        catch (Exception e) when (e is RpcException or TelepresenceException)
        {
            await either.CancelAsync().ConfigureAwait(false);
            if (e is RpcException refusal)
                throw AgentErrors.From(refusal, workload, _options);
            throw;
        }
    }

    private async Task WaitAsync(string workload, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_unusable is { } reason)
                    throw AgentErrors.LinksUnavailable(_options.Namespace, reason);
                changed = _changed.Task;
            }
            if (_links.TryGetValue(workload, out var links) && links.Length > 0)
                return;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A manager that was made anew may have forgotten what it had injected. Whoever fails is logged.</summary>
    private Task EnsureAgainAsync(ManagerConnection connection, CancellationToken cancellationToken) =>
        Task.WhenAll(
            _options.Workloads.Select(async workload =>
            {
                try
                {
                    await connection
                        .Client.EnsureAgent(
                            Request(connection, workload),
                            new CallOptions(Deadline: _options.ArrivalTimeout, CancellationToken: cancellationToken)
                        )
                        .ConfigureAwait(false);
                }
                catch (RpcException e)
                {
                    LogNotEnsured(workload, e.Status.Detail);
                }
            })
        );

    private EnsureAgentRequest Request(ManagerConnection connection, string workload) =>
        new()
        {
            Session = connection.Session,
            Name = workload,
            Namespace = _options.Namespace,
        };

    private void Apply(AgentPodInfoSnapshot snapshot)
    {
        var listed = snapshot
            .Agents.Where(a => a.Namespace == _options.Namespace && _options.Workloads.Contains(a.WorkloadName))
            .ToList();
        var pods = listed.Select(AgentPod.From).OfType<AgentPod>().ToHashSet();
        if (pods.Count == 0 && listed.Count > 0)
            GiveUp("this traffic-manager does not tell the names of its agents' pods");
        var earlier = _links.Values.SelectMany(links => links).ToDictionary(link => link.Pod);
        foreach (var gone in earlier.Values.Where(link => !pods.Contains(link.Pod)))
            gone.Retire();
        foreach (var kept in earlier.Values.Where(link => pods.Contains(link.Pod)))
            kept.ClearFailure();
        var links = pods.OrderBy(pod => pod.Name, StringComparer.Ordinal)
            .Select(pod => earlier.GetValueOrDefault(pod) ?? new AgentLink(pod, _open, _options))
            .GroupBy(link => link.Pod.Workload)
            .ToDictionary(group => group.Key, group => group.ToArray());
        foreach (var workload in _options.Workloads)
        {
            var had = _links.ContainsKey(workload);
            if (had != links.ContainsKey(workload))
                LogAgents(
                    had ? LogLevel.Warning : LogLevel.Information,
                    workload,
                    had ? "no agent any more" : "an agent"
                );
        }
        _links = links;
        Signal();
    }

    private void GiveUp(string unusable)
    {
        LogUnusable(unusable);
        lock (_gate)
            _unusable = unusable;
        Signal();
    }

    private void Signal()
    {
        lock (_gate)
        {
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    [LoggerMessage(Message = "Workload {Workload} has {Agents}")]
    private partial void LogAgents(LogLevel level, string workload, string agents);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workload {Workload} was not given an agent: {Reason}")]
    private partial void LogNotEnsured(string workload, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No link to agents: {Reason}")]
    private partial void LogUnusable(string reason);
}
