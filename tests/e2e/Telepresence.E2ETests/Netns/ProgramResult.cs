namespace Telepresence.E2ETests.Netns;

/// <summary>What a program that ran in a namespace said.</summary>
public sealed record ProgramResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>The output of a program that must succeed.</summary>
    public string Require() =>
        ExitCode == 0
            ? Output
            : throw new InvalidOperationException($"'{CommandLine}' ended with {ExitCode}: {Error}{Output}");
}
