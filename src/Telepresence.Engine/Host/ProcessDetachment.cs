using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Telepresence.Engine.Host;

/// <summary>Lets go of what the process was started with: terminal, session, standard streams.</summary>
internal static partial class ProcessDetachment
{
    private const int ReadWrite = 2;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExecFlag = 1;
    private const int HangUp = 1;
    private const int Interrupt = 2;
    private const nint DefaultAction = 0;

    /// <summary>Leaves the session of whoever started us; nothing that happens to their terminal reaches us then.</summary>
    public static void Detach()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        // Fails where we lead a process group already, which is as good.
        _ = setsid();
        var nothing = open("/dev/null", ReadWrite);
        if (nothing < 0)
        {
            return;
        }
        for (var descriptor = 0; descriptor <= 2; descriptor++)
        {
            _ = dup2(nothing, descriptor);
        }
        if (nothing > 2)
        {
            _ = close(nothing);
        }
    }

    /// <summary>
    /// Undoes what <c>nohup</c> or a shell's <c>&amp;</c> left ignored: the runtime respects that, and the engine would then
    /// not end when it is told to. Before any handler is registered.
    /// </summary>
    public static void HearSignals()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        foreach (var number in (ReadOnlySpan<int>)[HangUp, Interrupt])
        {
            _ = signal(number, DefaultAction);
        }
    }

    public static void CloseOnExec(SafeFileHandle handle) => _ = fcntl(handle, SetDescriptorFlags, CloseOnExecFlag);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint signal(int number, nint action);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle descriptor, int command, nint argument);
}
