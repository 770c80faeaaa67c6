using Telepresence.Client.Contract;

namespace Telepresence.Client.Objects;

/// <summary>An entry of an engine's log.</summary>
public sealed class TelepresenceLogEntry
{
    /// <summary>When it was written (UTC).</summary>
    public DateTime Time { get; set; }

    /// <summary>How grave it is.</summary>
    public LogLevelName Level { get; set; }

    /// <summary>Part of the engine that wrote it.</summary>
    public string Category { get; set; } = "";

    /// <summary>What happened.</summary>
    public string Message { get; set; } = "";

    /// <summary>The exception with its stack, or empty.</summary>
    public string Exception { get; set; } = "";

    /// <summary>Which engine wrote it.</summary>
    public EngineRole Engine { get; set; }

    /// <summary>The message.</summary>
    public override string ToString() => Message;
}
