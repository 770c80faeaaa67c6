using System.Net;
using Microsoft.Extensions.Logging;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Engagements;

/// <summary>
/// The direct links of a session's engagements: to each pod whose agent is engaged, for its dial requests and for tunnels to the pod
/// (PROTOCOL §2.7 a, §2.10). For one connection with the traffic-manager; where no link can be made the manager relays.
/// </summary>
internal sealed partial class EngagedAgents : IAsyncDisposable
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(3);

    private readonly EngagementContext _context;
    private readonly ManagerConnection _connection;
    private readonly DialResponder _responder;
    private readonly ILogger _logger;
    private readonly AgentOptions _options;
    private readonly Dictionary<AgentPod, Watched> _watched = [];
    private volatile Dictionary<IPAddress, AgentLink> _links = [];

    public EngagedAgents(EngagementContext context, ManagerConnection connection, DialResponder responder)
    {
        _context = context;
        _connection = connection;
        _responder = responder;
        _logger = context.Loggers.CreateLogger<EngagedAgents>();
        _options = new AgentOptions
        {
            Namespace = context.Namespace,
            Workloads = [],
            Tunnels = context.Tunnels,
        };
    }

    /// <summary>The link to the pod of an address, if its agent is engaged.</summary>
    public AgentLink? LinkTo(IPAddress pod) => _links.GetValueOrDefault(pod);

    /// <summary>Follows what the manager lists. One call at a time.</summary>
    public async Task ApplyAsync(AgentPodInfoSnapshot snapshot)
    {
        var engaged = new Dictionary<AgentPod, IPAddress>();
        foreach (var info in snapshot.Agents.Where(a => a.Intercepted))
        {
            if (AgentPod.From(info) is { } pod && info.PodIp.Length is 4 or 16)
                engaged[pod] = new IPAddress(info.PodIp.Span);
        }
        foreach (var pod in _watched.Keys.Except(engaged.Keys).ToList())
        {
            _watched.Remove(pod, out var gone);
            await gone!.DisposeAsync().ConfigureAwait(false);
        }
        foreach (var pod in engaged.Keys.Except(_watched.Keys).ToList())
        {
            var link = new AgentLink(pod, _context.OpenPod, _options);
            _watched[pod] = new Watched(link, token => WatchAsync(link, token));
        }
        _links = engaged.ToDictionary(pair => pair.Value, pair => _watched[pair.Key].Link);
    }

    public async ValueTask DisposeAsync()
    {
        _links = [];
        foreach (var watched in _watched.Values)
            await watched.DisposeAsync().ConfigureAwait(false);
        _watched.Clear();
    }

    /// <summary>Hears an agent's dial requests until it is engaged no more.</summary>
    private async Task WatchAsync(AgentLink link, CancellationToken cancellationToken)
    {
        var backOff = new BackOff(_firstPause, _longestPause, _context.Time);
        while (true)
        {
            try
            {
                var agent = await link.AcquireAsync(cancellationToken).ConfigureAwait(false);
                link.ClearFailure();
                try
                {
                    await WatchAsync(link, agent, backOff, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    link.Release();
                }
            }
            catch (RpcException e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                LogNotWatched(link.Pod, e.Status.Detail);
                link.MarkFailed();
                if (e.StatusCode == StatusCode.Unimplemented)
                    return;
            }
            await backOff.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WatchAsync(
        AgentLink link,
        AgentClient agent,
        BackOff backOff,
        CancellationToken cancellationToken
    )
    {
        using var call = agent.WatchDial(_connection.Session, new CallOptions(CancellationToken: cancellationToken));
        LogWatched(link.Pod);
        await foreach (var request in call.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            backOff.Reset();
            _responder.Answer(agent.OpenTunnel, _connection.Session.SessionId, request);
        }
    }

    /// <summary>A link, and the task that hears its dial requests.</summary>
    private sealed class Watched : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended = new();
        private readonly Task _watching;

        public Watched(AgentLink link, Func<CancellationToken, Task> watch)
        {
            Link = link;
            _watching = watch(_ended.Token);
        }

        public AgentLink Link { get; }

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // What the agent has given us may go on to its end: tunnels hold the link.
            Link.Retire();
            _ended.Dispose();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Hearing dial requests of {Pod}")]
    private partial void LogWatched(AgentPod pod);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Dial requests of {Pod} come over the traffic-manager: {Reason}"
    )]
    private partial void LogNotWatched(AgentPod pod, string reason);
}
