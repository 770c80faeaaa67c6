using Telepresence.Client;
using Telepresence.Client.Launch;

namespace Telepresence.PowerShell;

/// <summary>Where the module's cmdlets get their engines from.</summary>
internal static class ModuleEngines
{
    private const string HashList = "engine.sha256";
    private static readonly Lazy<EngineIntegrity> _integrity = new(ReadIntegrity);

    public static EngineAccess Access { get; set; } = new(new EngineSource(() => _integrity.Value));

    /// <summary>The files of the engine that was built before this assembly, which the build compiled in.</summary>
    internal static EngineIntegrity ReadIntegrity()
    {
        using var list = typeof(ModuleEngines).Assembly.GetManifestResourceStream(HashList)!;
        using StreamReader reader = new(list);
        return EngineIntegrity.Parse(reader);
    }
}
