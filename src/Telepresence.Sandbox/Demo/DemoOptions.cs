namespace Telepresence.Sandbox.Demo;

/// <summary>What the user asked of the demo.</summary>
/// <param name="Json">Print the results as one JSON array and nothing else.</param>
/// <param name="Break">Name of the step to sabotage, or null.</param>
/// <param name="Pwsh">Drive the engine through the module in a pwsh.</param>
internal sealed record DemoOptions(bool Json, string? Break, bool Pwsh)
{
    /// <summary>Hidden option that tells a process that it is in the demo's namespaces already.</summary>
    public const string InsideOption = "--inside";

    /// <summary>The command line that gives the same options to another process.</summary>
    public IEnumerable<string> ToArguments()
    {
        if (Json)
        {
            yield return "--json";
        }
        if (Break is not null)
        {
            yield return "--break";
            yield return Break;
        }
        if (Pwsh)
        {
            yield return "--pwsh";
        }
    }
}
