using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>Changes what is logged.</summary>
/// <param name="Component">Whose log.</param>
/// <param name="Level">The lowest that is logged.</param>
/// <param name="DurationSeconds">After which it is as before; null: until it is changed again, or its process ends.</param>
/// <param name="Session">Whose traffic-manager; null: those of all sessions.</param>
public sealed record LogLevelParameters(
    LogComponent Component,
    LogLevelName Level,
    double? DurationSeconds = null,
    string? Session = null
);
