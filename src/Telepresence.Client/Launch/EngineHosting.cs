using Telepresence.Client.Errors;

namespace Telepresence.Client.Launch;

/// <summary>The program that runs the engine's assembly.</summary>
/// <param name="FileName">Absolute path of <c>dotnet</c> or <c>pwsh</c>.</param>
/// <param name="IsPwsh">pwsh carries .NET 10 itself; it costs 0.25 s and 60 MB.</param>
public sealed record EngineHosting(string FileName, bool IsPwsh)
{
    private const string Runtime = "10.";

    /// <summary>Settings both hosts take; under pwsh the engine's runtimeconfig does not hold.</summary>
    public static IReadOnlyDictionary<string, string> RuntimeSettings { get; } =
        new Dictionary<string, string>
        {
            ["DOTNET_gcServer"] = "0",
            ["DOTNET_gcConcurrent"] = "0",
            ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1",
            ["DOTNET_TieredPGO"] = "1",
            // HttpClient buffers a download in 16 KiB arrays of the shared pool, and a full window of them is more than the
            // pool keeps: the rest would be garbage, 0.3 MB for each MB received. Fewer partitions bound what is kept.
            ["DOTNET_SYSTEM_BUFFERS_SHAREDARRAYPOOL_MAXARRAYSPERPARTITION"] = "256",
            ["DOTNET_SYSTEM_BUFFERS_SHAREDARRAYPOOL_MAXPARTITIONCOUNT"] = "4",
            ["POWERSHELL_TELEMETRY_OPTOUT"] = "1",
            ["POWERSHELL_UPDATECHECK"] = "Off",
        };

    /// <summary><c>dotnet</c> with a .NET 10 runtime where there is one, else the running pwsh, else one in PATH.</summary>
    /// <exception cref="TelepresenceException">EngineUnavailable: neither is there.</exception>
    public static EngineHosting Locate(Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        var path = (environment("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (DotnetCandidates(environment, path).Select(Usable).FirstOrDefault(file => file is not null) is { } dotnet)
        {
            return new EngineHosting(dotnet, IsPwsh: false);
        }
        string[] pwsh =
        [
            .. Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "pwsh"
                ? [self]
                : Array.Empty<string>(),
            .. path.Select(folder => Path.Combine(folder, Executable("pwsh"))),
        ];
        return pwsh.FirstOrDefault(File.Exists) is { } found
            ? new EngineHosting(found, IsPwsh: true)
            : throw ErrorCatalogue.Error(
                ErrorId.EngineUnavailable,
                null,
                ("reason", "neither a .NET 10 runtime nor pwsh 7.6 was found (DOTNET_ROOT, PATH)")
            );
    }

    /// <summary>The arguments that make <see cref="FileName"/> run the engine with <paramref name="arguments"/>.</summary>
    public IReadOnlyList<string> Arguments(string assembly, IEnumerable<string> arguments)
    {
        if (!IsPwsh)
        {
            return [assembly, .. arguments];
        }
        var list = string.Join(',', arguments.Select(Quote));
        return
        [
            "-NoProfile",
            "-NonInteractive",
            "-Command",
            $"exit [Reflection.Assembly]::LoadFrom({Quote(assembly)}).EntryPoint.Invoke($null, @(,[string[]]@({list})))",
        ];
    }

    private static IEnumerable<string> DotnetCandidates(Func<string, string?> environment, string[] path)
    {
        var name = Executable("dotnet");
        if (environment("DOTNET_ROOT") is { Length: > 0 } root)
        {
            yield return Path.Combine(root, name);
        }
        foreach (var folder in path)
        {
            yield return Path.Combine(folder, name);
        }
        string[] usual = OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet")]
            : ["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet", "/usr/local/share/dotnet"];
        foreach (var folder in usual)
        {
            yield return Path.Combine(folder, name);
        }
        if (environment("HOME") is { Length: > 0 } home)
        {
            yield return Path.Combine(home, ".dotnet", name);
        }
    }

    private static string? Usable(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }
        try
        {
            // /usr/bin/dotnet is usually a link into the folder that holds the runtimes.
            var target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(file);
            var runtimes = Path.Combine(Path.GetDirectoryName(target) ?? "", "shared", "Microsoft.NETCore.App");
            // A link whose target is gone exists, too.
            return
                File.Exists(target)
                && Directory.Exists(runtimes)
                && Directory.EnumerateDirectories(runtimes, Runtime + "*").Any()
                ? target
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not ours to read: the next candidate.
            return null;
        }
    }

    private static string Executable(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;

    private static string Quote(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
