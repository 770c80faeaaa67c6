using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Telepresence.Sandbox.Demo.Isolation;

/// <summary>The system calls behind the demo's namespaces.</summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxCalls
{
    private const int CloneNewNet = 0x4000_0000;
    private const ulong MountBind = 0x1000;
    private const int ReadAndWrite = 6;

    /// <summary>Moves the calling thread, and no other, into a network namespace of its own.</summary>
    public static void UnshareNetwork() => Check(unshare(CloneNewNet), "unshare(CLONE_NEWNET)");

    /// <summary>Lays an empty file system in memory over a directory.</summary>
    public static void MountMemory(string directory)
    {
        Check(mount("tmpfs", directory, "tmpfs", 0, "mode=0755"), $"mount tmpfs on {directory}");
    }

    /// <summary>Lays one file over another.</summary>
    public static void MountOver(string file, string target)
    {
        Check(mount(file, target, null, MountBind, null), $"mount {file} on {target}");
    }

    /// <summary>True when this process may read and write the file.</summary>
    public static bool MayReadAndWrite(string path) => access(path, ReadAndWrite) == 0;

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);
}
