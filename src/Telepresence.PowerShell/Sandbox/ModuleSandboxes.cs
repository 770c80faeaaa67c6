using Telepresence.Client;
using Telepresence.Client.Sandbox;

namespace Telepresence.PowerShell.Sandbox;

/// <summary>The sandboxes of this user.</summary>
internal static class ModuleSandboxes
{
    public static SandboxRegistry Registry { get; } =
        new(Path.Combine(ModulePaths.UserRuntime, "sandboxes"), new SandboxLaunch(ModulePaths.Sandbox));
}
