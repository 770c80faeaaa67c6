using System.Runtime.InteropServices;

namespace Telepresence.Client.Sandbox;

/// <summary>Asks a process to end, where the system has a way that works without a console.</summary>
internal static partial class Termination
{
    private const int SigTerm = 15;

    /// <summary>False where there is none, or the process is gone or not ours.</summary>
    public static bool TryAsk(int processId) => !OperatingSystem.IsWindows() && Kill(processId, SigTerm) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
