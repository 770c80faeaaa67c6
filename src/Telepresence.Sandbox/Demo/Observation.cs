namespace Telepresence.Sandbox.Demo;

/// <summary>What a program that is not ours did.</summary>
/// <param name="CommandLine">As a user would type it.</param>
/// <param name="ExitCode">Null: it was ended by its time-out.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record Observation(string CommandLine, int? ExitCode, string Output, string Error)
{
    /// <summary>The first line it wrote, on standard output before standard error; empty when it wrote none.</summary>
    public string FirstLine => FirstLineOf(Output) ?? FirstLineOf(Error) ?? "";

    /// <summary>True when it ended by itself with status 0.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>The exit status in words.</summary>
    public string Status => ExitCode is { } code ? $"exit {code}" : "timed out";

    private static string? FirstLineOf(string text)
    {
        return text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault();
    }
}
