using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Events;

/// <summary>Says what is different between a session as it was last seen and as it is now. Used by one thread at a time.</summary>
/// <param name="session">Name of the only session of interest; null: all.</param>
/// <param name="time">Clock of the events.</param>
internal sealed class SessionChanges(string? session, TimeProvider time)
{
    private readonly Dictionary<string, TelepresenceSession> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes a session for known without an event.</summary>
    public void Begin(TelepresenceSession now) => _known[now.Name] = now;

    /// <summary>The events of a session's new view.</summary>
    public IEnumerable<TelepresenceEventArgs> See(TelepresenceSession now)
    {
        if (!IsOfInterest(now.Name))
        {
            yield break;
        }
        var before = _known.GetValueOrDefault(now.Name);
        if (now.State is SessionState.Disconnected or SessionState.Failed)
        {
            _known.Remove(now.Name);
        }
        else
        {
            _known[now.Name] = now;
        }
        if (before?.State != now.State)
        {
            yield return Event(TelepresenceEventName.StateChanged, now, before?.State);
        }
        if (before is not null && !SameSubnets(before, now))
        {
            yield return Event(TelepresenceEventName.SubnetChanged, now);
        }
        if (now.LastError.Length > 0 && now.LastError != before?.LastError)
        {
            yield return Event(TelepresenceEventName.ErrorOccurred, now);
        }
    }

    /// <summary>The event of a conflict.</summary>
    public IEnumerable<TelepresenceEventArgs> See(ConflictNotice notice) =>
        IsOfInterest(notice.Session)
            ?
            [
                new TelepresenceEventArgs
                {
                    EventName = TelepresenceEventName.ConflictDetected,
                    Time = Now,
                    SessionName = notice.Session,
                    Session = _known.GetValueOrDefault(notice.Session),
                    Conflict = notice.Conflict,
                },
            ]
            : [];

    /// <summary>The event of a connection.</summary>
    public IEnumerable<TelepresenceEventArgs> See(TelepresenceConnectionChange connection) =>
        IsOfInterest(connection.Session)
            ?
            [
                new TelepresenceEventArgs
                {
                    EventName = TelepresenceEventName.ConnectionChanged,
                    Time = connection.Time,
                    SessionName = connection.Session,
                    Connection = connection,
                },
            ]
            : [];

    /// <summary>The engine has gone without a word of these sessions: it was killed, and they with it.</summary>
    public IReadOnlyList<TelepresenceEventArgs> Lose()
    {
        var error = ErrorCatalogue.Error(ErrorId.EngineUnavailable, null, ("reason", "it has ended"));
        return
        [
            .. _known
                .Values.ToList()
                .Select(s => s.With(SessionState.Failed, error.Id, error.Message))
                .SelectMany(s => See(s).ToList()),
        ];
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private bool IsOfInterest(string name) =>
        session is null || string.Equals(session, name, StringComparison.OrdinalIgnoreCase);

    private TelepresenceEventArgs Event(
        TelepresenceEventName name,
        TelepresenceSession now,
        SessionState? previous = null
    ) =>
        new()
        {
            EventName = name,
            Time = Now,
            SessionName = now.Name,
            Session = now,
            PreviousState = previous,
        };

    private static bool SameSubnets(TelepresenceSession one, TelepresenceSession other) =>
        one.Subnets.SequenceEqual(other.Subnets)
        && one.TranslatedSubnets.SequenceEqual(other.TranslatedSubnets)
        && one.NeverProxy.SequenceEqual(other.NeverProxy)
        && one.AlsoProxy.SequenceEqual(other.AlsoProxy);
}
