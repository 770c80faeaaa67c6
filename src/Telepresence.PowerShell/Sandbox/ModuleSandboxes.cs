using Telepresence.Client.Launch;
using Telepresence.Client.Sandbox;

namespace Telepresence.PowerShell.Sandbox;

/// <summary>The sandboxes of this user.</summary>
internal static class ModuleSandboxes
{
    /// <exception cref="Client.Errors.TelepresenceException">PlatformNotYetSupported.</exception>
    public static SandboxRegistry Registry =>
        new(Path.Combine(RuntimeDirectory.Ensure(RuntimeDirectory.Locate()), "sandboxes"), new SandboxLaunch(Assembly));

    private static string Assembly =>
        Path.Combine(
            Path.GetDirectoryName(typeof(ModuleSandboxes).Assembly.Location)!,
            "sandbox",
            "Telepresence.Sandbox.dll"
        );
}
