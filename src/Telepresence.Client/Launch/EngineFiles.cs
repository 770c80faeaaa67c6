using System.Runtime.InteropServices;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Launch;

/// <summary>Finds the engine's assembly.</summary>
public static class EngineFiles
{
    /// <summary>Environment variable that names the assembly.</summary>
    public const string OverrideVariable = "TELEPRESENCE_ENGINE";

    private const string AssemblyFile = "Telepresence.Engine.dll";

    /// <summary>
    /// The override, else in the folder <c>engine</c> beside this assembly (what is compiled for this system first), else in the build output of the source tree that
    /// this assembly was built in. A copy of the assembly beside this one does not count: a project that refers to the engine
    /// gets it without the packages that another framework of that project's brings.
    /// </summary>
    /// <exception cref="TelepresenceException">EngineUnavailable: it is nowhere.</exception>
    public static string Locate(Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        if (environment(OverrideVariable) is { Length: > 0 } given)
        {
            return File.Exists(given)
                ? Path.GetFullPath(given)
                : throw Missing($"{OverrideVariable} names '{given}', which does not exist");
        }
        // Hosted by pwsh, AppContext.BaseDirectory is pwsh's folder.
        return LocateFrom(Path.GetDirectoryName(typeof(EngineFiles).Assembly.Location) ?? "");
    }

    /// <summary>The one that belongs to this assembly's copy in <paramref name="folder"/>.</summary>
    /// <exception cref="TelepresenceException">EngineUnavailable: there is none.</exception>
    internal static string LocateFrom(string folder) =>
        Candidates(folder).FirstOrDefault(IsRunnable)
        ?? throw Missing($"{AssemblyFile} is not in '{Path.Combine(folder, "engine")}'");

    private static IEnumerable<string> Candidates(string folder)
    {
        // Compiled ahead for this system, where the module has that.
        yield return Path.Combine(folder, "engine", RuntimeInformation.RuntimeIdentifier, AssemblyFile);
        yield return Path.Combine(folder, "engine", AssemblyFile);
        // …/src|tests/…/bin/Debug/net10.0 → …/src/Telepresence.Engine/bin/Debug/net10.0
        var framework = Path.GetFileName(folder);
        var configuration = Path.GetFileName(Path.GetDirectoryName(folder) ?? "");
        for (var parent = Path.GetDirectoryName(folder); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            yield return Path.Combine(
                parent,
                "src",
                "Telepresence.Engine",
                "bin",
                configuration,
                framework,
                AssemblyFile
            );
        }
    }

    private static bool IsRunnable(string file) =>
        File.Exists(file) && File.Exists(Path.ChangeExtension(file, ".runtimeconfig.json"));

    private static TelepresenceException Missing(string reason) =>
        ErrorCatalogue.Error(ErrorId.EngineUnavailable, null, ("reason", reason));
}
