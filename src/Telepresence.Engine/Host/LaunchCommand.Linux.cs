using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Launch;

namespace Telepresence.Engine.Host;

/// <summary>
/// <c>engine launch</c>: the short life as root. Opens /dev/net/tun where only root may, becomes the invoking user with
/// CAP_NET_ADMIN, starts the engine as such, and ends when that answers. Nothing of the user's is read before.
/// </summary>
[SupportedOSPlatform("linux")]
internal static partial class LaunchCommand
{
    /// <summary>Descriptors handed over: queues of all sessions in one engine's life. An unused one costs about a kilobyte.</summary>
    private const int DescriptorCount = 64;

    private const string Device = "/dev/net/tun";
    private const string RootPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;

    /// <returns>Exit code; 0 when the engine answers.</returns>
    /// <exception cref="TelepresenceException">PermissionMissing, TunUnavailable.</exception>
    public static async Task<int> RunAsync(EngineArguments arguments)
    {
        if (PosixOwnership.EffectiveUser != 0)
        {
            throw Missing("root", "'engine launch' is what sudo runs");
        }
        if (arguments.User == 0)
        {
            throw Missing("an ordinary user's uid", "root starts the engine without a launcher");
        }
        var descriptors = OpenDevice();
        using var engine = DedicatedThread.Run("launch", () => StartAsUser(arguments, descriptors));
        foreach (var descriptor in descriptors)
        {
            _ = close(descriptor);
        }
        engine.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                Console.Error.WriteLine(text);
            }
        };
        engine.BeginErrorReadLine();
        while (await engine.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            Console.Out.WriteLine(line);
            if (line == EngineArguments.Ready)
            {
                return 0;
            }
        }
        await engine.WaitForExitAsync().ConfigureAwait(false);
        return engine.ExitCode == 0 ? 1 : engine.ExitCode;
    }

    private static Process StartAsUser(EngineArguments arguments, List<int> descriptors)
    {
        try
        {
            Privileges.BecomeUser(arguments.User, arguments.Group, [.. arguments.Groups], Privileges.NetAdmin);
        }
        catch (Win32Exception e)
        {
            throw Missing("CAP_SETUID, CAP_SETGID and CAP_NET_ADMIN", e.Message);
        }
        var mayOpen = TryOpen(out var own, out _);
        if (mayOpen)
        {
            // The usual system: the device is open to all, and the engine opens it when it needs it.
            _ = close(own);
        }
        var engine = arguments with
        {
            IsLaunch = false,
            Role = EngineRole.Network,
            TunDescriptors = mayOpen ? [] : descriptors,
        };
        if (mayOpen)
        {
            foreach (var descriptor in descriptors)
            {
                _ = close(descriptor);
            }
            descriptors.Clear();
        }
        var host = Environment.ProcessPath ?? throw Missing("/proc", "this program cannot find itself");
        EngineHosting hosting = new(host, Path.GetFileNameWithoutExtension(host) == "pwsh");
        ProcessStartInfo startInfo = new(
            host,
            hosting.Arguments(typeof(LaunchCommand).Assembly.Location, engine.ToArguments())
        )
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        startInfo.Environment.Clear();
        startInfo.Environment["PATH"] = RootPath;
        foreach (var (name, value) in EngineHosting.RuntimeSettings)
        {
            startInfo.Environment[name] = value;
        }
        // The diagnostics socket lets any process of the user load code into the engine, and so take its capability.
        startInfo.Environment["DOTNET_EnableDiagnostics"] = "0";
        var process = Process.Start(startInfo) ?? throw new InvalidOperationException("no process was started");
        process.StandardInput.Close();
        return process;
    }

    private static List<int> OpenDevice()
    {
        List<int> descriptors = [];
        for (var i = 0; i < DescriptorCount; i++)
        {
            if (!TryOpen(out var descriptor, out var error))
            {
                throw ErrorCatalogue.Error(
                    ErrorId.TunUnavailable,
                    null,
                    ("device", Device),
                    ("reason", Marshal.GetPInvokeErrorMessage(error))
                );
            }
            descriptors.Add(descriptor);
        }
        return descriptors;
    }

    // Without O_CLOEXEC: the engine is to inherit them.
    private static bool TryOpen(out int descriptor, out int error)
    {
        descriptor = open(Device, ReadWrite | NonBlocking);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor >= 0;
    }

    private static TelepresenceException Missing(string permission, string reason) =>
        ErrorCatalogue.Error(ErrorId.PermissionMissing, null, ("permission", permission), ("reason", reason));

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
