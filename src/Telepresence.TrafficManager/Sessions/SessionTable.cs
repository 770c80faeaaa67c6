using System.Collections.Concurrent;
using System.Collections.Immutable;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Intercepts;

namespace Telepresence.TrafficManager.Sessions;

/// <summary>Who is connected. Sessions live in memory only: after a restart clients and agents arrive anew.</summary>
internal sealed class SessionTable : IDisposable
{
    private static readonly TimeSpan ReviewInterval = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly Lock _arriving = new();
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _clientTimeToLive;
    private readonly TimeSpan _agentTimeToLive;
    private readonly ITimer _review;

    public SessionTable(TimeProvider timeProvider, TimeSpan clientTimeToLive, TimeSpan agentTimeToLive)
    {
        _timeProvider = timeProvider;
        _clientTimeToLive = clientTimeToLive;
        _agentTimeToLive = agentTimeToLive;
        Intercepts = new InterceptTable(Agents, timeProvider);
        _review = timeProvider.CreateTimer(
            static table => ((SessionTable)table!).Expire(),
            this,
            ReviewInterval,
            ReviewInterval
        );
    }

    /// <summary>The agents among them.</summary>
    public AgentRegistry Agents { get; } = new();

    /// <summary>What clients have intercepted.</summary>
    public InterceptTable Intercepts { get; }

    /// <summary>Raised with the intercepts of a client whose session ended.</summary>
    public event Action<ImmutableArray<Intercept>>? InterceptsLost;

    /// <summary>Clients and agents.</summary>
    public int Count => _sessions.Count;

    /// <summary>Clients alone.</summary>
    public int ClientCount => _sessions.Count(session => session.Value is ClientSession);

    public ClientSession Arrive(ClientInfo client) =>
        (ClientSession)_sessions.GetOrAdd(Guid.NewGuid().ToString(), NewClient, client);

    /// <summary>The client is here under an id of an earlier time, or still.</summary>
    /// <exception cref="RpcException">InvalidArgument: not a client's id.</exception>
    public ClientSession Return(string id, ClientInfo client)
    {
        if (!Guid.TryParse(id, out _))
            throw new RpcException(StatusCode.InvalidArgument, $"\"{id}\" is no client's session");
        var session = (ClientSession)_sessions.GetOrAdd(id, NewClient, client);
        session.LastSeen = _timeProvider.GetTimestamp();
        return session;
    }

    public AgentSession Arrive(AgentInfo agent) => Enter(AgentSession.IdPrefix + Guid.NewGuid(), agent);

    /// <summary>The agent is here under an id of an earlier time, or still.</summary>
    /// <exception cref="RpcException">InvalidArgument: not an agent's id.</exception>
    public AgentSession Return(string id, AgentInfo agent)
    {
        if (!id.StartsWith(AgentSession.IdPrefix, StringComparison.Ordinal))
            throw new RpcException(StatusCode.InvalidArgument, $"\"{id}\" is no agent's session");
        if (_sessions.TryGetValue(id, out var known) && known is AgentSession session && session.Agent.Equals(agent))
        {
            session.LastSeen = _timeProvider.GetTimestamp();
            return session;
        }
        return Enter(id, agent);
    }

    /// <summary>The session, refreshed.</summary>
    /// <exception cref="RpcException">NotFound.</exception>
    public Session Get(string? id)
    {
        if (id is null || !_sessions.TryGetValue(id, out var session))
            throw new RpcException(StatusCode.NotFound, $"Session \"{id}\" not found");
        session.LastSeen = _timeProvider.GetTimestamp();
        return session;
    }

    /// <summary>The client's session, refreshed.</summary>
    /// <exception cref="RpcException">NotFound, also when it is an agent's.</exception>
    public ClientSession GetClient(string? id) =>
        Get(id) as ClientSession
        ?? throw new RpcException(StatusCode.NotFound, $"Session \"{id}\" is an agent's, not a client's");

    /// <summary>The agent's session, refreshed.</summary>
    /// <exception cref="RpcException">NotFound, also when it is a client's.</exception>
    public AgentSession GetAgent(string? id) =>
        Get(id) as AgentSession
        ?? throw new RpcException(StatusCode.NotFound, $"Session \"{id}\" is a client's, not an agent's");

    /// <summary>Ends the session; one that is gone already is none to complain about.</summary>
    public void Depart(string? id)
    {
        if (id is not null && _sessions.TryRemove(id, out var session))
            End(session);
    }

    public void Dispose()
    {
        _review.Dispose();
        foreach (var id in _sessions.Keys)
            Depart(id);
    }

    private ClientSession NewClient(string id, ClientInfo client) =>
        new(id, client, _clientTimeToLive, _timeProvider.GetTimestamp());

    /// <summary>A pod has one agent: one that arrives takes the place of any that was there under another id.</summary>
    private AgentSession Enter(string id, AgentInfo agent)
    {
        var session = new AgentSession(id, agent, _agentTimeToLive, _timeProvider.GetTimestamp());
        lock (_arriving)
        {
            Depart(id);
            foreach (var other in Agents.All)
                if (other.Agent.Namespace == agent.Namespace && other.Agent.PodName == agent.PodName)
                    Depart(other.Id);
            _sessions[id] = session;
            Agents.Add(session);
        }
        Intercepts.FollowAgents();
        return session;
    }

    private void End(Session session)
    {
        if (session is AgentSession agent)
            Agents.Remove(agent);
        session.End();
        if (session is ClientSession client)
        {
            if (Intercepts.RemoveOf(client) is { IsEmpty: false } lost)
                InterceptsLost?.Invoke(lost);
        }
        else
        {
            Intercepts.FollowAgents();
        }
    }

    private void Expire()
    {
        foreach (var (id, session) in _sessions)
            if (_timeProvider.GetElapsedTime(session.LastSeen) > session.TimeToLive)
                Depart(id);
    }
}
