namespace Telepresence.Client;

/// <summary>Where the module's parts lie: engine and sandbox are folders beside this assembly.</summary>
public static class ModulePaths
{
    /// <summary>Folder of this assembly. (AppContext.BaseDirectory is pwsh's where pwsh is the host.)</summary>
    public static string Module { get; } = Path.GetDirectoryName(typeof(ModulePaths).Assembly.Location)!;

    /// <summary>The engine's assembly.</summary>
    public static string Engine => Path.Combine(Module, "engine", "Telepresence.Engine.dll");

    /// <summary>The sandbox's assembly.</summary>
    public static string Sandbox => Path.Combine(Module, "sandbox", "Telepresence.Sandbox.dll");

    /// <summary>Folder for what belongs to this user and ends with the machine's run.</summary>
    public static string UserRuntime
    {
        get
        {
            var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            return string.IsNullOrEmpty(runtime)
                ? Path.Combine(
                    Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData),
                    "telepresence"
                )
                : Path.Combine(runtime, "telepresence");
        }
    }
}
