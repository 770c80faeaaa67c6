using Telepresence.Client;

namespace Telepresence.PowerShell;

/// <summary>Where the module's cmdlets get their engines from.</summary>
internal static class ModuleEngines
{
    public static EngineAccess Access { get; set; } = new(new EngineSource());
}
