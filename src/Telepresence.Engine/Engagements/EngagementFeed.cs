using Telepresence.Engine.Manager;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Engagements;

/// <summary>What a traffic-manager tells of a session's engagements, over one connection, until disposal.</summary>
internal sealed class EngagementFeed : IAsyncDisposable
{
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(3);

    private readonly ManagerConnection _connection;
    private readonly EngagedAgents? _agents;
    private readonly Action<Exception> _faulted;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _following;

    /// <param name="linksAgents">False: the manager relays all.</param>
    /// <param name="responder">Answers what comes in.</param>
    /// <param name="intercepts">Told of every snapshot of the session's intercepts, one after another.</param>
    /// <param name="agents">Told of every snapshot of agents, one after another.</param>
    /// <param name="faulted">Told of a fault of ours that ends what is followed.</param>
    public EngagementFeed(
        EngagementContext context,
        ManagerConnection connection,
        bool linksAgents,
        DialResponder responder,
        Action<InterceptInfoSnapshot> intercepts,
        Action<AgentInfoSnapshot> agents,
        Action<Exception> faulted
    )
    {
        _connection = connection;
        _faulted = faulted;
        _agents = linksAgents ? new EngagedAgents(context, connection, responder) : null;
        var session = connection.Session;
        _following = Task.WhenAll(
            FollowAsync(
                connection.WatchAsync((c, o) => c.WatchIntercepts(session, o), _longestPause, _ended.Token),
                snapshot =>
                {
                    intercepts(snapshot);
                    return Task.CompletedTask;
                }
            ),
            FollowAsync(
                connection.WatchAsync((c, o) => c.WatchAgents(session, o), _longestPause, _ended.Token),
                snapshot =>
                {
                    agents(snapshot);
                    return Task.CompletedTask;
                }
            ),
            FollowAsync(
                connection.WatchAsync((c, o) => c.WatchDial(session, o), _longestPause, _ended.Token),
                request =>
                {
                    responder.Answer(connection.Client.OpenTunnel, session.SessionId, request);
                    return Task.CompletedTask;
                }
            ),
            _agents is null
                ? Task.CompletedTask
                : FollowAsync(
                    connection.WatchAsync((c, o) => c.WatchAgentPods(session, o), _longestPause, _ended.Token),
                    _agents.ApplyAsync
                )
        );
    }

    /// <summary>The connection it is for.</summary>
    public ManagerConnection Connection => _connection;

    /// <summary>The link to the agent of a pod, if there is one.</summary>
    public AgentLink? LinkTo(System.Net.IPAddress pod) => _agents?.LinkTo(pod);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        if (_agents is not null)
            await _agents.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    /// <summary>Never faults.</summary>
    private async Task FollowAsync<T>(IAsyncEnumerable<T> messages, Func<T, Task> apply)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await foreach (var message in messages.ConfigureAwait(false))
                await apply(message).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The connection, or this, ends.
        }
#pragma warning disable CA1031 // The last frame of the task.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _faulted(e);
        }
    }
}
