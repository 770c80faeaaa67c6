using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Telepresence.Engine.Host;

namespace Telepresence.E2ETests.Host;

/// <summary>What is left of root on a thread that gave it up.</summary>
[SupportedOSPlatform("linux")]
public sealed class PrivilegesTests
{
    private const uint User = 65534;

    [SkippableFact]
    public void The_capability_makes_interfaces_on_a_descriptor_that_root_opened()
    {
        Requires.All("root", "tun", "netns");
        var (before, name) = DedicatedThread.Run(
            "test",
            () =>
            {
                // A namespace of this thread's own, which ends with it.
                Assert.Equal(0, unshare(0x40000000));
                var descriptor = open("/dev/net/tun", 2);
                Assert.True(descriptor >= 0);
                Privileges.BecomeUser(User, User, [User], Privileges.NetAdmin);
                var request = new byte[40];
                "tp%d"u8.CopyTo(request);
                request[16] = 1; // IFF_TUN
                request[17] = 0x10; // IFF_NO_PI
                var result = ioctl(descriptor, 0x400454CA, request);
                var made = System.Text.Encoding.ASCII.GetString(request, 0, 16).TrimEnd('\0');
                _ = close(descriptor);
                return (result, made);
            }
        );
        Assert.Equal((0, "tp0"), (before, name));
    }

    [SkippableFact]
    public void A_program_started_for_a_credential_plugin_has_no_capability()
    {
        Requires.All("root");
        string[] Capabilities(Func<ProcessStartInfo, Process> start) =>
            DedicatedThread.Run(
                "test",
                () =>
                {
                    Privileges.BecomeUser(User, User, [User], Privileges.NetAdmin);
                    ProcessStartInfo startInfo = new("/bin/sh", ["-c", "grep -E '^Cap(Eff|Prm|Amb)' /proc/self/status"])
                    {
                        RedirectStandardOutput = true,
                        WorkingDirectory = "/",
                    };
                    using var process = start(startInfo);
                    var output = process.StandardOutput.ReadToEnd();
                    process.WaitForExit();
                    return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                }
            );
        Assert.All(
            Capabilities(info => Process.Start(info)!),
            line => Assert.EndsWith("0000000000001000", line, StringComparison.Ordinal)
        );
        var plugin = Capabilities(UnprivilegedProcess.Start);
        Assert.Equal(3, plugin.Length);
        Assert.All(plugin, line => Assert.EndsWith("0000000000000000", line, StringComparison.Ordinal));
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int unshare(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int ioctl(int descriptor, nuint request, byte[] argument);
}
