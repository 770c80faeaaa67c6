using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Telepresence.Client;
using Telepresence.Client.Errors;

namespace Telepresence.PowerShell.Completers;

/// <summary>Completes a parameter with what an engine knows. A completer never elevates, never fails and never waits long.</summary>
public abstract class EngineCompleter : IArgumentCompleter
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var typed = wordToComplete.Trim('\'', '"');
        var pattern = WildcardPattern.Get(typed + "*", WildcardOptions.IgnoreCase);
        return Candidates(fakeBoundParameters, typed)
            .Distinct()
            .Where(pattern.IsMatch)
            .Select(c => new CompletionResult(Quote(c), c, CompletionResultType.ParameterValue, c))
            .ToList();
    }

    private IEnumerable<string> Candidates(IDictionary bound, string typed)
    {
        using var patience = new CancellationTokenSource(_patience);
        try
        {
            return Task.Run(() => CandidatesAsync(ModuleEngines.Access, bound, typed, patience.Token), patience.Token)
                .GetAwaiter()
                .GetResult();
        }
        catch (Exception e) when (e is TelepresenceException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <param name="typed">What of the word is there already, without quotation marks.</param>
    private protected abstract Task<IEnumerable<string>> CandidatesAsync(
        EngineAccess engines,
        IDictionary bound,
        string typed,
        CancellationToken cancellationToken
    );

    private static string Quote(string text) =>
        text.Any(c => !char.IsAsciiLetterOrDigit(c) && !"-_./:@=".Contains(c, StringComparison.Ordinal))
        || text[0] == '@'
            ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'"
            : text;
}
