using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>Asks to be told of connections as they change.</summary>
/// <param name="Operation">Chosen by the client; comes back in <see cref="ConnectionChanges.Operation"/>.</param>
/// <param name="Session">Null: all sessions, also those that come later.</param>
public sealed record ConnectionWatchParameters(string Operation, string? Session = null);

/// <summary>What happened to connections since the last time.</summary>
/// <param name="Operation"><see cref="ConnectionWatchParameters.Operation"/>.</param>
/// <param name="Number">Counts the notifications of a watch from 1: a gap is one that was lost on the way.</param>
/// <param name="Lost">Connections that opened faster than they could be told, since the last time.</param>
/// <param name="Changes">In the order in which they were seen.</param>
public sealed record ConnectionChanges(
    string Operation,
    long Number,
    long Lost,
    IReadOnlyList<TelepresenceConnectionChange> Changes
);
