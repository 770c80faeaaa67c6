using Telepresence.Client.Objects;

namespace Telepresence.Client.Events;

/// <summary>What an event tells: <c>$Event.SourceEventArgs</c>.</summary>
public sealed class TelepresenceEventArgs : EventArgs
{
    /// <summary>Which event.</summary>
    public required TelepresenceEventName EventName { get; init; }

    /// <summary>When this process learned of it (UTC).</summary>
    public required DateTime Time { get; init; }

    /// <summary>Name of the session.</summary>
    public required string SessionName { get; init; }

    /// <summary>The session as it is now; null with <see cref="TelepresenceEventName.ConnectionChanged"/>.</summary>
    public TelepresenceSession? Session { get; init; }

    /// <summary>With <see cref="TelepresenceEventName.StateChanged"/>: state before; null for a session that is new.</summary>
    public SessionState? PreviousState { get; init; }

    /// <summary>With <see cref="TelepresenceEventName.ConflictDetected"/>.</summary>
    public TelepresenceConflict? Conflict { get; init; }

    /// <summary>With <see cref="TelepresenceEventName.ConnectionChanged"/>.</summary>
    public TelepresenceConnectionChange? Connection { get; init; }
}
