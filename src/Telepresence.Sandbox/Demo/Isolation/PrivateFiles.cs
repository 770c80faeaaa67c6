using System.ComponentModel;
using System.Runtime.Versioning;

namespace Telepresence.Sandbox.Demo.Isolation;

/// <summary>
/// Gives the demo's mount namespace its own /run, /etc/resolv.conf and /etc/nsswitch.conf, all in memory. With /run go
/// the sockets through which the machine's resolver, name cache and bus would answer instead of the demo's network.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class PrivateFiles
{
    /// <summary>Where the demo keeps what it writes.</summary>
    public const string Root = "/run/telepresence-demo";

    private const string ResolvConf = "/etc/resolv.conf";

    /// <summary>Mounts them, and points this process's environment at them.</summary>
    /// <exception cref="DemoException">The kernel refused a mount.</exception>
    public static void Mount(string resolvConf)
    {
        try
        {
            // Asked before /run is covered: on many machines the file is a link into it.
            var target = File.ResolveLinkTarget(ResolvConf, returnFinalTarget: true)?.FullName ?? ResolvConf;
            LinuxCalls.MountMemory("/run");
            Directory.CreateDirectory(Root);
            if (target.StartsWith("/run/", StringComparison.Ordinal))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.WriteAllText(target, resolvConf);
            }
            else
            {
                Cover(target, "resolv.conf", resolvConf);
            }
            if (File.Exists("/etc/nsswitch.conf"))
            {
                Cover("/etc/nsswitch.conf", "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
            }
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException)
        {
            throw new DemoException(
                "PermissionMissing",
                $"The demo cannot have its own {ResolvConf}: {e.Message}",
                "Run it as root, outside a restricted container."
            );
        }
        foreach (
            var (variable, directory) in (ReadOnlySpan<(string, string)>)
                [
                    ("HOME", "home"),
                    ("XDG_RUNTIME_DIR", "runtime"),
                    ("XDG_CONFIG_HOME", "config"),
                    ("XDG_CACHE_HOME", "cache"),
                    ("XDG_STATE_HOME", "state"),
                    ("XDG_DATA_HOME", "data"),
                ]
        )
        {
            var path = Path.Combine(Root, directory);
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Environment.SetEnvironmentVariable(variable, path);
        }
    }

    private static void Cover(string target, string name, string content)
    {
        var file = Path.Combine(Root, name);
        File.WriteAllText(file, content);
        LinuxCalls.MountOver(file, target);
    }
}
