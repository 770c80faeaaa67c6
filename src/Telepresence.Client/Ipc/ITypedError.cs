namespace Telepresence.Client.Ipc;

/// <summary>What every error that reaches the user carries. Exceptions implement it, and it travels over IPC unchanged.</summary>
public interface ITypedError
{
    /// <summary>Stable id, such as <c>KubeconfigNotFound</c>; what scripts compare with.</summary>
    string ErrorId { get; }

    /// <summary>Name of the PowerShell <c>ErrorCategory</c>, such as <c>ObjectNotFound</c>.</summary>
    string Category { get; }

    /// <summary>What happened; names the file, entry or object.</summary>
    string Message { get; }

    /// <summary>What to do next, a command to paste where there is one.</summary>
    string? RecommendedAction { get; }

    /// <summary>Facts by name, for programs.</summary>
    IReadOnlyDictionary<string, string>? Details { get; }
}
