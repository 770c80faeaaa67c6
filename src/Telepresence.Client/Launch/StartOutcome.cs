using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Launch;

/// <summary>How starting an engine ended.</summary>
/// <param name="IsReady">It answers.</param>
/// <param name="Error">The engine's or launcher's own typed error.</param>
/// <param name="Words">What was written otherwise.</param>
/// <param name="ExitCode">Of the program that was run.</param>
internal sealed record StartOutcome(bool IsReady, ErrorData? Error, string Words, int ExitCode)
{
    public void ThrowUnlessReady()
    {
        if (IsReady)
        {
            return;
        }
        throw Error is not null
            ? TelepresenceException.FromData(Error)
            : ErrorCatalogue.Error(
                ErrorId.EngineUnavailable,
                null,
                ("reason", $"it ended with exit code {ExitCode} at its start{(Words.Length > 0 ? $" ({Words})" : "")}")
            );
    }
}
