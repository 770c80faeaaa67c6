namespace Telepresence.Client.Objects;

/// <summary>Levels of a log, lowest first.</summary>
public enum LogLevelName
{
    /// <summary>Every detail.</summary>
    Trace,

    /// <summary>What helps to find a fault.</summary>
    Debug,

    /// <summary>What happens; the usual one.</summary>
    Information,

    /// <summary>What is not as it should be.</summary>
    Warning,

    /// <summary>What failed.</summary>
    Error,

    /// <summary>What ends a session or an engine.</summary>
    Critical,
}
