using System.Runtime.InteropServices;

namespace Telepresence.E2ETests.Netns;

/// <summary>Capabilities of the calling thread: Linux keeps them for each thread.</summary>
public static unsafe partial class Capabilities
{
    /// <summary>Drops all; for a thread that ends soon.</summary>
    public static void DropOfThisThread()
    {
        // _LINUX_CAPABILITY_VERSION_3 has two triples of effective, permitted, inheritable.
        var header = stackalloc uint[] { 0x20080522, 0 };
        var data = stackalloc uint[6];
        if (SetCapabilities(header, data) != 0)
        {
            throw new InvalidOperationException($"capset: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    private static partial int SetCapabilities(uint* header, uint* data);
}
