namespace Telepresence.Sandbox.Demo.Driving;

/// <summary>Finds the module as <c>dotnet build</c> has put it together.</summary>
internal static class BuiltModule
{
    private const string Manifest = "Telepresence.psd1";

    /// <summary>Path of its manifest.</summary>
    /// <exception cref="DemoException">It was not built, or there is no pwsh to import it.</exception>
    public static string Locate()
    {
        if (!ForeignProgram.Exists("pwsh"))
        {
            throw new DemoException(
                "ProgramMissing",
                "This machine has no pwsh, which --pwsh drives the module with.",
                "Install PowerShell 7.6, or run the demo without --pwsh."
            );
        }
        var folder = Path.GetDirectoryName(typeof(BuiltModule).Assembly.Location)!;
        return Candidates(folder).FirstOrDefault(File.Exists)
            ?? throw new DemoException(
                "ModuleMissing",
                "The module has not been built.",
                "Run `dotnet build` in the repository's root."
            );
    }

    private static IEnumerable<string> Candidates(string folder)
    {
        // The sandbox may itself lie in a folder of the module.
        yield return Path.Combine(folder, "..", Manifest);
        var configuration = Path.GetFileName(Path.GetDirectoryName(folder) ?? "");
        for (var parent = Path.GetDirectoryName(folder); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            yield return Path.Combine(parent, "module", "bin", configuration, "Telepresence", Manifest);
        }
    }
}
