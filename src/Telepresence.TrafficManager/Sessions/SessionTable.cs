using System.Collections.Concurrent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Sessions;

/// <summary>Who is connected. Sessions live in memory only: after a restart clients arrive anew.</summary>
internal sealed class SessionTable : IDisposable
{
    private static readonly TimeSpan ReviewInterval = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, ClientSession> _sessions = new(StringComparer.Ordinal);
    private readonly TimeProvider _timeProvider;
    private readonly TimeSpan _timeToLive;
    private readonly ITimer _review;

    public SessionTable(TimeProvider timeProvider, TimeSpan timeToLive)
    {
        _timeProvider = timeProvider;
        _timeToLive = timeToLive;
        _review = timeProvider.CreateTimer(
            static table => ((SessionTable)table!).Expire(),
            this,
            ReviewInterval,
            ReviewInterval
        );
    }

    public ClientSession Arrive(ClientInfo client)
    {
        var session = new ClientSession(Guid.NewGuid().ToString(), client, _timeProvider.GetTimestamp());
        _sessions[session.Id] = session;
        return session;
    }

    /// <summary>The session, refreshed.</summary>
    /// <exception cref="RpcException">NotFound.</exception>
    public ClientSession Get(string? id)
    {
        if (id is null || !_sessions.TryGetValue(id, out var session))
            throw new RpcException(StatusCode.NotFound, $"Session \"{id}\" not found");
        session.LastSeen = _timeProvider.GetTimestamp();
        return session;
    }

    /// <summary>Ends the session; one that is gone already is none to complain about.</summary>
    public void Depart(string? id)
    {
        if (id is not null && _sessions.TryRemove(id, out var session))
            session.End();
    }

    public void Dispose()
    {
        _review.Dispose();
        foreach (var id in _sessions.Keys)
            Depart(id);
    }

    private void Expire()
    {
        foreach (var (id, session) in _sessions)
            if (_timeProvider.GetElapsedTime(session.LastSeen) > _timeToLive)
                Depart(id);
    }
}
