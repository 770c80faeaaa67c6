using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Telepresence.Sandbox.Demo.Isolation;

/// <summary>
/// Starts the demo a second time, inside network, mount and process namespaces of its own. Whatever happens in there,
/// also when this process is killed, the kernel takes all of it away with the last process.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class NamespaceLauncher
{
    private const string Tun = "/dev/net/tun";

    /// <summary>
    /// Inherited where set. sudo starts with an almost empty environment, so they are named on the command line.
    /// </summary>
    private static readonly string[] _passedOn =
    [
        "PATH",
        "TERM",
        "COLORTERM",
        "NO_COLOR",
        "LANG",
        "POWERSHELL_TELEMETRY_OPTOUT",
    ];

    // …/shared/Microsoft.NETCore.App/10.0.x/ → …: the very runtime this process runs on.
    private static string DotnetRoot { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    /// <summary>Runs the demo inside and returns its exit code.</summary>
    /// <exception cref="DemoException">A permission or a program is missing.</exception>
    public static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        var command = await ChooseWayInAsync(cancellationToken).ConfigureAwait(false);
        command.AddRange(["sh", "-c", "\"$@\"; exit $?", "sh", "env"]);
        command.AddRange(PassedOnEnvironment());
        command.AddRange([
            Path.Combine(DotnetRoot, "dotnet"),
            typeof(NamespaceLauncher).Assembly.Location,
            "demo",
            DemoOptions.InsideOption,
        ]);
        command.AddRange(options.ToArguments());

        var start = new ProcessStartInfo(ForeignProgram.Find(command[0])!, command.Skip(1))
        {
            // Never written to. It ends when this process ends, and the demo inside ends with it.
            RedirectStandardInput = true,
        };
        using var inside = Process.Start(start)!;
        try
        {
            await inside.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            inside.StandardInput.Close();
            await inside.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
        return inside.ExitCode;
    }

    private static async Task<List<string>> ChooseWayInAsync(CancellationToken cancellationToken)
    {
        foreach (var program in (string[])["unshare", "sh", "env", "ip"])
        {
            if (!ForeignProgram.Exists(program))
            {
                throw new DemoException(
                    "ProgramMissing",
                    $"The demo builds its networks with {program}, which this machine does not have.",
                    "Debian, Ubuntu: apt-get install iproute2 util-linux"
                );
            }
        }
        if (!File.Exists(Tun))
        {
            throw new DemoException(
                "TunUnavailable",
                $"There is no {Tun}.",
                "Load it (modprobe tun), or start the container with --device /dev/net/tun."
            );
        }

        // sh is process 1 in there: it reaps the engine, which is nobody's child once its launcher has ended.
        string[] unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
        if (Environment.IsPrivilegedProcess)
        {
            return await WorksAsync(unshare, cancellationToken).ConfigureAwait(false)
                ? [.. unshare]
                : throw new DemoException(
                    "PermissionMissing",
                    "This root user may not make namespaces: CAP_SYS_ADMIN is missing.",
                    "Start the container with --privileged, or run the demo on the host."
                );
        }

        string[] sudo = ["sudo", "-n", .. unshare];
        if (ForeignProgram.Exists("sudo") && await WorksAsync(sudo, cancellationToken).ConfigureAwait(false))
        {
            return [.. sudo];
        }
        if (!LinuxCalls.MayReadAndWrite(Tun))
        {
            throw new DemoException(
                "PermissionMissing",
                $"Permission to open {Tun} is missing: you are not root, sudo asks for a password or is not there, "
                    + $"and {Tun} is closed to you.",
                $"Run `sudo -v` first, run the demo as root, or open the device: sudo chmod 666 {Tun}"
            );
        }
        string[] asMappedRoot = [.. unshare, "--map-root-user"];
        return await WorksAsync(asMappedRoot, cancellationToken).ConfigureAwait(false)
            ? [.. asMappedRoot]
            : throw new DemoException(
                "PermissionMissing",
                "Permission to make user namespaces is missing: you are not root, and sudo asks for a password or is not there.",
                "Run `sudo -v` first, run the demo as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone, "
                    + "kernel.apparmor_restrict_unprivileged_userns, user.max_user_namespaces)."
            );
    }

    private static async Task<bool> WorksAsync(string[] wayIn, CancellationToken cancellationToken)
    {
        var probe = await ForeignProgram
            .RunAsync(wayIn[0], [.. wayIn.Skip(1), "true"], cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return probe.Succeeded;
    }

    private static IEnumerable<string> PassedOnEnvironment()
    {
        return _passedOn
            .Select(name => (name, value: Environment.GetEnvironmentVariable(name)))
            .Where(variable => variable.value is not null)
            .Select(variable => $"{variable.name}={variable.value}")
            .Prepend($"DOTNET_ROOT={DotnetRoot}");
    }
}
