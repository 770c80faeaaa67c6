using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Telepresence.Engine.Host;

/// <summary>
/// Credentials and capabilities of one thread. Linux keeps both per thread, and a process that a thread starts inherits that
/// thread's; glibc's setresuid would change all threads, so these are the bare system calls.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class Privileges
{
    /// <summary>Interfaces, addresses, routes, rules, marks. Nothing else proved needed: SO_BINDTODEVICE is free since 5.7.</summary>
    public const int NetAdmin = 12;

    private const int PrSetKeepcaps = 8;
    private const int PrCapAmbient = 47;
    private const nuint AmbientRaise = 2;
    private const nuint AmbientClearAll = 4;
    private const uint CapabilityVersion3 = 0x20080522;

    /// <summary>
    /// Makes the calling thread that user, with <paramref name="capability"/> alone, and so that a program it starts has it too.
    /// The bounding set stays: a setuid helper such as fusermount must go on working.
    /// </summary>
    /// <exception cref="Win32Exception">The thread may not; it is unusable then.</exception>
    public static void BecomeUser(uint user, uint group, ReadOnlySpan<uint> groups, int capability)
    {
        Check(prctl(PrSetKeepcaps, 1, 0, 0, 0), "PR_SET_KEEPCAPS");
        fixed (uint* list = groups)
        {
            Check(syscall(Numbers.SetGroups, groups.Length, (nint)list, 0), "setgroups");
        }
        Check(syscall(Numbers.SetResGid, (nint)group, (nint)group, (nint)group), "setresgid");
        Check(syscall(Numbers.SetResUid, (nint)user, (nint)user, (nint)user), "setresuid");
        var mask = 1u << capability;
        CapabilityHeader header = new() { Version = CapabilityVersion3 };
        var data = stackalloc CapabilityData[2];
        data[0] = new CapabilityData
        {
            Effective = mask,
            Permitted = mask,
            Inheritable = mask,
        };
        data[1] = default;
        Check(capset(&header, data), "capset");
        Check(prctl(PrCapAmbient, AmbientRaise, (nuint)capability, 0, 0), "PR_CAP_AMBIENT_RAISE");
    }

    /// <summary>What the calling thread starts from now on gets no capability of the engine's.</summary>
    public static void KeepCapabilitiesFromChildren() =>
        Check(prctl(PrCapAmbient, AmbientClearAll, 0, 0, 0), "PR_CAP_AMBIENT_CLEAR_ALL");

    private static (int SetGroups, int SetResUid, int SetResGid) Numbers =>
        RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (116, 117, 119),
            Architecture.Arm64 => (159, 147, 149),
            var other => throw new PlatformNotSupportedException($"{other}: system call numbers unknown"),
        };

    private static void Check(nint result, string what)
    {
        if (result < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new Win32Exception(error, $"{what}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capset(CapabilityHeader* header, CapabilityData* data);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c);

    [StructLayout(LayoutKind.Sequential)]
    private struct CapabilityHeader
    {
        public uint Version;
        public int Process;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CapabilityData
    {
        public uint Effective;
        public uint Permitted;
        public uint Inheritable;
    }
}
