using System.Diagnostics;
using System.Runtime.Versioning;

namespace Telepresence.Engine.Host;

/// <summary>Starts programs as the engine's user without the engine's capability.</summary>
[SupportedOSPlatform("linux")]
internal static class UnprivilegedProcess
{
    /// <summary>
    /// The engine's threads carry an ambient capability that every program they start would inherit; a thread of its own gives
    /// it up first.
    /// </summary>
    public static Process Start(ProcessStartInfo startInfo) =>
        DedicatedThread.Run(
            "start " + Path.GetFileName(startInfo.FileName),
            () =>
            {
                Privileges.KeepCapabilitiesFromChildren();
                return Process.Start(startInfo) ?? throw new InvalidOperationException("no process was started");
            }
        );
}
