using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Agents.Forwarding;
using Telepresence.TrafficManager.Services;

namespace Telepresence.TrafficManager.Agents;

/// <summary>
/// The agent's session with the manager: arrives, gives signs of life, watches for dial requests, and arrives anew when the
/// manager was away.
/// </summary>
internal sealed partial class ManagerLink : IAsyncDisposable
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DepartureLimit = TimeSpan.FromSeconds(3);

    private readonly ManagerClient _manager;
    private readonly DialResponder _responder;
    private readonly InterceptBook _book;
    private readonly ClientConnector _clients;
    private readonly AgentInfo _agent;
    private readonly TrafficAgentOptions _options;
    private readonly DnsQuestions _questions;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private SessionInfo? _session;
    private TimeSpan _delay;

    public ManagerLink(
        ManagerClient manager,
        DialResponder responder,
        InterceptBook book,
        ClientConnector clients,
        AgentInfo agent,
        TrafficAgentOptions options
    )
    {
        _book = book;
        _clients = clients;
        _manager = manager;
        _responder = responder;
        _agent = agent;
        _options = options;
        _delay = options.RetryDelay;
        _questions = new DnsQuestions(manager, options);
        _logger = options.LoggerFactory.CreateLogger<ManagerLink>();
        _running = RunAsync();
    }

    /// <summary>Ends with the first arrival.</summary>
    public Task Arrived => _arrived.Task;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _arrived.TrySetCanceled();
        if (_session is { } session)
            await DepartAsync(session).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            try
            {
                _session = await ArriveAsync(_session).ConfigureAwait(false);
                _clients.Session = _session.SessionId;
                LogArrived(_logger, _session.SessionId);
                _arrived.TrySetResult();
                await ServeAsync(_session).ConfigureAwait(false);
            }
            catch (RpcException e)
            {
                LogLost(_logger, e.Status.Detail);
            }
            await Task.Delay(_delay, _options.TimeProvider, _stopping.Token).ConfigureAwait(false);
            _delay = _delay * 2 < _options.MaxRetryDelay ? _delay * 2 : _options.MaxRetryDelay;
        }
    }

    private async Task<SessionInfo> ArriveAsync(SessionInfo? earlier)
    {
        if (earlier is not null)
        {
            try
            {
                var request = new ReconnectAgentRequest { Session = earlier, Agent = _agent };
                await _manager.ReconnectAgent(request, Call());
                return earlier;
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unimplemented or StatusCode.NotFound)
            {
                // A manager before 2.25, or one that wants no session of an earlier time.
            }
        }
        return await _manager.ArriveAsAgent(_agent, Call());
    }

    /// <exception cref="RpcException">The manager is away, or has forgotten the session.</exception>
    private async Task ServeAsync(SessionInfo session)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var heartbeat = BeatAsync(session, lost.Token);
        var dials = IfServedAsync(_responder.WatchAsync(session, lost.Token), lost.Token);
        var levels = IfServedAsync(FollowLogLevelAsync(lost.Token), lost.Token);
        var intercepts = IfServedAsync(_book.FollowAsync(session, lost.Token), lost.Token);
        var questions = IfServedAsync(_questions.FollowAsync(session, lost.Token), lost.Token);
        Task[] all = [heartbeat, dials, levels, intercepts, questions];
        var first = await Task.WhenAny(all).ConfigureAwait(false);
        await lost.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Token.ThrowIfCancellationRequested();
        await first.ConfigureAwait(false);
    }

    private async Task BeatAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(_options.Heartbeat, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            await _manager.Remain(
                new RemainRequest { Session = session },
                new CallOptions(Deadline: CallLimit, CancellationToken: cancellationToken)
            );
            // Only a manager that keeps a session for a while is one that works.
            _delay = _options.RetryDelay;
        }
    }

    /// <summary>What the manager does not have goes on for ever, with nothing to tell: 2.31 has no dial requests.</summary>
    private static async Task IfServedAsync(Task watch, CancellationToken cancellationToken)
    {
        try
        {
            await watch.ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sets the level that clients ask for, and sets it back when its time is over.</summary>
    private async Task FollowLogLevelAsync(CancellationToken cancellationToken)
    {
        using var levels = new LogLevels(_options.LogLevel, _options.TimeProvider);
        using var watch = _manager.WatchLogLevel(new CallOptions(CancellationToken: cancellationToken));
        await foreach (var request in watch.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                levels.Set(request.LogLevel, request.Duration?.ToTimeSpan() ?? TimeSpan.Zero);
            }
            catch (RpcException e)
            {
                LogNoLevel(_logger, e.Status.Detail);
            }
        }
    }

    private async Task DepartAsync(SessionInfo session)
    {
        try
        {
            await _manager.Depart(session, new CallOptions(Deadline: DepartureLimit));
        }
        catch (RpcException e)
        {
            LogLost(_logger, e.Status.Detail);
        }
    }

    private CallOptions Call() => new(Deadline: CallLimit, CancellationToken: _stopping.Token);

    [LoggerMessage(LogLevel.Information, "Arrived at the traffic-manager as {Session}")]
    private static partial void LogArrived(ILogger logger, string session);

    [LoggerMessage(LogLevel.Warning, "The log level stays: {Reason}")]
    private static partial void LogNoLevel(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "The traffic-manager is away: {Detail}")]
    private static partial void LogLost(ILogger logger, string detail);
}
